"""The same figure, with the same two sliders, made to answer in different ways: each way is a notebook of one cell."""

import nbformat

_SHARED = """
from helpers import landscapes, optimizers, plots
from helpers.descent import descend

bowl, start, num_steps = landscapes.quadratic([[3.0, 2.0], [2.0, 3.0]]), (-2.5, 1.0), 50
drawn = []  # the learning rate of every frame, in order
"""

_FLOOR = """
# What any widget's round trip through the kernel costs: a few letters come back.
import ipywidgets
from helpers.controls import log_slider

rate, text = log_slider("ε learning rate", 1e-3, 1, 0.05), ipywidgets.HTML()
def answer(change):
    drawn.append(change["new"])
    text.value = f"<b>{change['new']:.5f}</b>"
rate.observe(answer, "value")
ipywidgets.VBox([rate, text])
"""

_INTERACT = """
# The usual way: a new figure at every change.
%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import interact
from helpers.controls import log_slider, slider

def figure(learning_rate, momentum):
    drawn.append(learning_rate)
    run = descend(optimizers.momentum, bowl, start, num_steps, learning_rate=learning_rate, momentum=momentum)
    fig, (ax, bx) = plt.subplots(1, 2, figsize=(9, 4.2), dpi=100)
    plots.cost_map(ax, bowl)
    ax.plot(*run.theta.T, "o-", color="#c44e00", markersize=4)
    plots.step_axes(bx, num_steps, 1e-8, 1e2)
    bx.plot(run.steps, run.loss, color="#c44e00")
    plt.show()
rate, momentum = log_slider("ε learning rate", 1e-3, 1, 0.05), slider("α momentum", 0, 0.99, 0.6)
interact(figure, learning_rate=rate, momentum=momentum);
"""

_EXPLORER = """
# Ours: the background is kept, the live artists are drawn over it.
from helpers.controls import log_slider, slider
from helpers.explorer import Explorer
from helpers.stage import Stage

stage = Stage(900, 420)
ax, bx = stage.axes
plots.cost_map(ax, bowl)
plots.step_axes(bx, num_steps, 1e-8, 1e2)
path, curve = plots.trail(ax, "momentum"), plots.curve(bx, color="#c44e00")
def compute(learning_rate, momentum):
    drawn.append(learning_rate)
    return descend(optimizers.momentum, bowl, start, num_steps, learning_rate=learning_rate, momentum=momentum)
def draw(run):
    path.set(run.theta)
    curve.set_data(run.steps, run.loss)
Explorer(stage, compute, draw, {
    "learning_rate": log_slider("ε learning rate", 1e-3, 1, 0.05), "momentum": slider("α momentum", 0, 0.99, 0.6),
}, description="Momentum on a bowl, and its cost against the step.")
"""

CELLS = {"floor": _FLOOR, "interact": _INTERACT, "explorer": _EXPLORER}
TITLES = {
    "floor": "a widget's echo (the floor)",
    "interact": "@interact, figure made anew",
    "explorer": "this project's figures",
}


def write(folder):
    """Write a notebook for every way into the folder: floor.ipynb, interact.ipynb, explorer.ipynb."""
    for name, cell in CELLS.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell((_SHARED + cell).strip())])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / f"{name}.ipynb")
