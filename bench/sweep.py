"""A map over two hyper-parameters, 200 × 200 runs of momentum at once: what the generality of `descend` costs.

Beside it the same arithmetic by hand, in place, and, where torch is installed, one run after the other with its
optimizer: timed for a few runs, and multiplied.
"""

import time

import numpy as np

from helpers import landscapes, optimizers
from helpers.descent import descend

SIDE, NUM_STEPS = 200, 150
MATRIX = np.array([[3.0, 2.0], [2.0, 3.0]])
START = np.array([-2.5, 1.0])
SAMPLE = 40  # runs of torch's optimizer


def hyper_parameters():
    """The learning rates (a row) and the momenta (a column)."""
    return np.geomspace(1e-3, 0.4, SIDE), np.linspace(0, 0.99, SIDE)[:, None]


def with_descend():
    """Returns: theta after the last step, shape (SIDE, SIDE, 2)."""
    bowl = landscapes.quadratic(MATRIX)
    rates, momenta = hyper_parameters()
    start = np.broadcast_to(START, (SIDE, SIDE, 2))
    run = descend(
        optimizers.momentum, bowl, start, NUM_STEPS, record_every=NUM_STEPS, learning_rate=rates, momentum=momenta
    )
    return run.theta[-1]


def by_hand():
    """The same, with nothing allocated in the loop."""
    rates, momenta = (np.ascontiguousarray(np.broadcast_to(each, (SIDE, SIDE))) for each in hyper_parameters())
    (a, b), (_, d) = MATRIX
    x, y = np.full((SIDE, SIDE), START[0]), np.full((SIDE, SIDE), START[1])
    v, w, g, h, part = (np.zeros((SIDE, SIDE)) for _ in range(5))
    for _ in range(NUM_STEPS):
        np.multiply(x, a, out=g)
        np.multiply(y, b, out=part)
        g += part
        np.multiply(x, b, out=h)
        np.multiply(y, d, out=part)
        h += part
        for velocity, gradient, place in ((v, g, x), (w, h, y)):
            velocity *= momenta
            gradient *= rates
            velocity -= gradient
            place += velocity
    return np.stack([x, y], axis=-1)


def with_torch():
    """Seconds for all runs, from a sample of them; None without torch."""
    try:
        import torch
    except ImportError:
        return None
    matrix = torch.tensor(MATRIX)
    rates, momenta = (np.broadcast_to(each, (SIDE, SIDE)).ravel() for each in hyper_parameters())
    chosen = np.linspace(0, SIDE**2 - 1, SAMPLE).astype(int)
    began = time.perf_counter()
    for rate, momentum in zip(rates[chosen].tolist(), momenta[chosen].tolist(), strict=True):
        theta = torch.tensor(START, requires_grad=True)
        optimizer = torch.optim.SGD([theta], lr=rate, momentum=momentum)
        for _ in range(NUM_STEPS):
            optimizer.zero_grad()
            (theta @ matrix @ theta / 2).backward()
            optimizer.step()
    return (time.perf_counter() - began) * SIDE**2 / SAMPLE


def run():
    """Returns: a dict of seconds."""
    np.testing.assert_allclose(with_descend(), by_hand(), rtol=1e-9, atol=1e-9)  # they do the same work
    results = {}
    for name, function in (("descend_s", with_descend), ("by_hand_s", by_hand)):
        times = []
        for _ in range(5):
            began = time.perf_counter()
            function()
            times.append(time.perf_counter() - began)
        results[name] = min(times)
    results["torch_loop_s"] = with_torch()
    return results
