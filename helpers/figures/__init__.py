"""The figures of the lessons, one module per section: the stage, the artists and the readout around a compute function.

What is computed stands in the notebook; here it is only drawn. Each function returns an Explorer.
"""
