"""A control of lesson 8.1."""

from helpers.controls import log_slider


def count_slider(label, low, high, value):
    """A logarithmic slider for a number of examples or steps, shown as a whole number; compute rounds its value."""
    control = log_slider(label, low, high, value)
    control.readout_format = ".0f"  # not 1.3e+3
    return control
