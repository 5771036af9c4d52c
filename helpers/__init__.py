"""What the notebooks call: landscapes, optimizers, a small network, and the figures that show them at work.

Each module holds one idea and is meant to be read; nothing is imported here, so that a notebook pays only for what it
uses: NumPy alone for the mathematics, Matplotlib and ipywidgets only where something is drawn or moved.
"""

__version__ = "0.1.0"
