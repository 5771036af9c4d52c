"""The race of lesson 8.6: methods of first and second order train the same net on the digits, and what each of their
states has cost is written down: passes over the data, multiplications, seconds.
"""

import time
from collections import deque
from itertools import islice, pairwise
from types import SimpleNamespace

import numpy as np

from helpers.data import load_digits
from helpers.networks import MLP, TrainingCost
from helpers.optimizers import METHODS

_FINISHED = {}  # first-order runs by their settings: a switch that only shows something else needs no new run


def digits_net(hidden=10):
    """A tanh net 64-hidden-10, its cost on the whole training set as a landscape, its validation error of theta.

    The landscape has loss, gradient, loss_and_gradient (one pass over the data for both), hessian_vector_product and
    dimension: what the methods of `helpers.second_order` take.
    """
    digits = load_digits()
    net = MLP((64, hidden, 10), activation="tanh")
    data = (digits.train_inputs, digits.train_labels)
    whole = SimpleNamespace(
        dimension=net.dimension,
        loss=lambda theta: net.loss(theta, *data),
        gradient=lambda theta: net.gradient(theta, *data),
        loss_and_gradient=lambda theta: net.loss_and_gradient(theta, *data),
        hessian_vector_product=lambda theta, vector: net.hessian_vector_product(theta, vector, *data),
    )
    return net, whole, lambda theta: 1 - net.accuracy(theta, digits.validation_inputs, digits.validation_labels)


def multiplications_per_pass(net, num_examples):
    """Multiplications for the gradient on so many examples: forward, back to the inputs of each layer, weights."""
    weights = [fan_in * fan_out for fan_in, fan_out in pairwise(net.sizes)]
    return num_examples * (2 * sum(weights) + sum(weights[1:]))


def own_multiplications(method_name, n, memory=10):
    """What a step costs beside the gradients, in multiplications, to leading order in n."""
    per_step = {"steepest_descent": n, "conjugate_gradient": 3 * n, "lbfgs": 4 * memory * n, "bfgs": 4 * n * n,
                "sgd": n, "momentum": 2 * n, "adam": 8 * n}  # fmt: skip
    return per_step[method_name]


def timed(method, net, whole, theta, num_passes, **hyper_parameters):
    """Run a method of `helpers.second_order` for so many passes; each evaluation is one pass.

    Returns: dict of "passes", "cost", "work" (multiplications), "seconds" after every step, and "error", the share of
        validation digits misread at the end.
    """
    digits = load_digits()
    passes, seconds, points = [1.0], [0.0], [theta]
    began = time.perf_counter()
    for state in method(whole, theta, **hyper_parameters):
        if state.evaluations > num_passes:
            break
        seconds.append(time.perf_counter() - began)
        passes.append(float(state.evaluations))
        points.append(state.theta)
        if len(points) > num_passes:  # a run that arrived looks at nothing any more
            break
    per_step = own_multiplications(method.__name__, net.dimension, hyper_parameters.get("memory", 10))
    return _record(net, whole, digits, points, passes, seconds, per_step * np.arange(len(points)))


def timed_first_order(method_name, net, theta, num_passes, learning_rate, batch_size):
    """The same for a method of `helpers.optimizers` by its name, recorded after every pass."""
    key = (method_name, net, theta.tobytes(), num_passes, float(learning_rate), batch_size)
    if key not in _FINISHED:
        if len(_FINISHED) > 200:
            _FINISHED.clear()
        digits = load_digits()
        cost = TrainingCost(net, digits.train_inputs, digits.train_labels, batch_size=batch_size, seed=0)
        states = METHODS[method_name](cost.gradient, theta, learning_rate=learning_rate)
        passes, seconds, points = [0.0], [0.0], [theta]
        began = time.perf_counter()
        for number in range(1, num_passes + 1):
            state = deque(islice(states, cost.steps_per_epoch), maxlen=1)[0]
            seconds.append(time.perf_counter() - began)
            passes.append(float(number))
            points.append(state.theta)
        own = own_multiplications(method_name, net.dimension) * cost.steps_per_epoch * np.arange(num_passes + 1)
        whole = SimpleNamespace(loss=lambda t: net.loss(t, digits.train_inputs, digits.train_labels))
        _FINISHED[key] = _record(net, whole, digits, points, passes, seconds, own)
    return _FINISHED[key]


def _record(net, whole, digits, points, passes, seconds, own):
    passes = np.array(passes)
    work = passes * multiplications_per_pass(net, len(digits.train_labels)) + own
    error = 1 - net.accuracy(points[-1], digits.validation_inputs, digits.validation_labels)
    return {"passes": passes, "cost": whole.loss(np.array(points)), "work": np.maximum(work, 1.0),
            "seconds": np.array(seconds), "error": float(error)}  # fmt: skip


def at_pass(run, number):
    """The cost that a run had reached after so many passes."""
    return float(run["cost"][np.flatnonzero(run["passes"] <= number)[-1]])


def first_step(method_name, net, theta, learning_rate, batch_size):
    """(predicted, actual) change of the training cost in a method's first step; predicted by Taylor's second order."""
    digits = load_digits()
    data = (digits.train_inputs, digits.train_labels)
    cost = TrainingCost(net, *data, batch_size=batch_size, seed=0)
    new = next(METHODS[method_name](cost.gradient, theta, learning_rate=learning_rate)).theta
    s = new - theta
    predicted = s @ net.gradient(theta, *data) + 0.5 * s @ net.hessian_vector_product(theta, s, *data)
    return float(predicted), float(net.loss(new, *data) - net.loss(theta, *data))


def noise_in_y(net, theta, batch_size, length, draws=10, seed=0):
    """How long the error of y is against y itself when its two gradients come from different minibatches.

    y is the change of the gradient in a step of this length straight downhill. Returns the root mean square over draws.
    """
    digits = load_digits()
    data = (digits.train_inputs, digits.train_labels)
    g = net.gradient(theta, *data)
    there = theta - length * g / np.linalg.norm(g)
    true = net.gradient(there, *data) - g
    rng = np.random.default_rng(seed)

    def sample(point):
        chosen = rng.choice(len(data[1]), batch_size, replace=False)
        return net.gradient(point, data[0][chosen], data[1][chosen])

    errors = [np.sum((sample(there) - sample(theta) - true) ** 2) for _ in range(draws)]
    return float(np.sqrt(np.mean(errors)) / np.linalg.norm(true))
