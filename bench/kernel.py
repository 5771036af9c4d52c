"""What the kernel spends on a change: drawing the live layer, redrawing a kept figure, training the network."""

import statistics
import time

import numpy as np

from helpers import landscapes, optimizers, plots
from helpers.data import load_digits
from helpers.descent import descend
from helpers.networks import MLP, TrainingCost
from helpers.stage import Stage

NUM_STEPS = 50


def milliseconds(function, repeats=15):
    """The median time of a call, after one that does not count."""
    function()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def run():
    """Returns: a dict of names and milliseconds."""
    bowl = landscapes.quadratic([[3.0, 2.0], [2.0, 3.0]])
    stage = Stage(900, 420)
    ax, bx = stage.axes
    plots.cost_map(ax, bowl)
    plots.step_axes(bx, NUM_STEPS, 1e-8, 1e2)
    path, curve = plots.trail(ax, "momentum"), plots.curve(bx)
    stage.background()

    def compute():
        return descend(optimizers.momentum, bowl, (-2.5, 1.0), NUM_STEPS, learning_rate=0.05, momentum=0.6)

    trajectory = compute()
    path.set(trajectory.theta)
    curve.set_data(trajectory.steps, trajectory.loss)
    return {
        "compute_ms": milliseconds(compute),
        "live_layer_ms": milliseconds(stage.live),
        "live_layer_bytes": len(stage.live()),
        "background_ms": milliseconds(stage.background),
        "kept_figure_redrawn_ms": milliseconds(stage.figure.canvas.draw),
        "twenty_epochs_ms": milliseconds(twenty_epochs, repeats=5),
    }


def twenty_epochs():
    """Train a 64-32-10 network for 20 epochs of minibatches of 100 with momentum. Returns the final parameters."""
    digits = load_digits()
    network = MLP((64, 32, 10))
    cost = TrainingCost(network, digits.train_inputs, digits.train_labels, batch_size=100, seed=0)
    steps = optimizers.momentum(cost.gradient, network.initial(seed=0), learning_rate=0.1, momentum=0.9)
    for _ in range(20 * cost.steps_per_epoch):
        state = next(steps)
    assert np.isfinite(state.theta).all()
    return state.theta
