"""Methods that search along lines with nothing but gradients: steepest descent and conjugate gradients."""

from itertools import count
from typing import NamedTuple

import numpy as np

from helpers.landscape_methods import first_trial, method, next_trial, no_rest, where_runs
from helpers.line_search import dot, search


class SteepestDescentState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    step_size: np.ndarray  # (...,)
    evaluations: np.ndarray  # (...,): points of the cost looked at so far, value or gradient or both


class ConjugateGradientState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    step_size: np.ndarray
    beta: np.ndarray  # (...,): how much of the last direction was kept, 0 at a restart
    evaluations: np.ndarray


@method
def steepest_descent(landscape, theta, *, line_search="exact", initial_step=1.0, sufficient_decrease=1e-4,
                     curvature=0.1):  # fmt: skip
    """Gradient descent that searches along each gradient for its step size.

    Rule: d = −g;  a from the line search;  θ ← θ + a d.

    Arguments:
        landscape: with loss and gradient, and a Hessian (or its product) for "quadratic". theta: shape (..., n).
        line_search: "exact" (the minimum along the line), "quadratic" (the minimum that the Hessian predicts),
            "backtracking" or "wolfe" (strong Wolfe conditions).
        initial_step: > 0, where "backtracking" begins. sufficient_decrease, curvature: the constants c₁, c₂ of
            "backtracking" and "wolfe".

    Yields: theta, gradient, direction, step_size, evaluations. At a critical point it stays.
    Source: Cauchy 1847; Goodfellow et al. 2016, section 8.6.2 and Figure 8.6.
    """
    f, g = landscape.both(theta)
    evaluations = np.ones(theta.shape[:-1], int)
    trial, done = first_trial(g), np.zeros(theta.shape[:-1], bool)
    for _ in count():
        direction = where_runs(done, 0.0, -g)
        trial = initial_step if line_search == "backtracking" else trial
        step = search(line_search, landscape, theta, direction, f, g, trial,
                      sufficient_decrease=sufficient_decrease, curvature=curvature)  # fmt: skip
        evaluations = evaluations + step.evaluations
        done = step.step_size == 0
        g_old, theta, f, g, trial = g, step.theta, step.loss, step.gradient, no_rest(step.step_size)
        yield SteepestDescentState(theta, g_old, direction, step.step_size, evaluations)


@method
def conjugate_gradient(landscape, theta, *, beta="polak_ribiere+", line_search="wolfe", restart_every=None,
                       sufficient_decrease=1e-4, curvature=0.1):  # fmt: skip
    """Conjugate gradients: each direction keeps so much of the last one that it does not undo its work.

    Rule: d ← −g + β d, with β = gᵀg / (g'ᵀg') (Fletcher–Reeves) or (g − g')ᵀg / (g'ᵀg') (Polak–Ribière), g' being the
    gradient before; a from the line search;  θ ← θ + a d. At the first step and at a restart β = 0. (The book's
    algorithm 8.9 starts from g' = 0, which makes its first β 0/0.)

    Arguments:
        landscape, theta, line_search, sufficient_decrease, curvature: as of `steepest_descent`. With "quadratic" on a
            quadratic cost it is the linear method of Hestenes & Stiefel: n steps.
        beta: "fletcher_reeves", "polak_ribiere", or "polak_ribiere+": the latter, and 0 where it is negative.
        restart_every: restart after so many steps, n for example; None: never. A direction that would go uphill, or
            along which no lower point was found, leads to a restart in any case.

    Yields: theta, gradient, direction, step_size, beta, evaluations. At a critical point it stays.
    Source: Goodfellow et al. 2016, algorithm 8.9; Hestenes & Stiefel 1952; Fletcher & Reeves 1964; Polak & Ribière
        1969.
    """
    f, g = landscape.both(theta)
    evaluations = np.ones(theta.shape[:-1], int)
    direction, g_old = np.zeros_like(g), g
    failed = done = np.zeros(theta.shape[:-1], bool)
    trial = first_trial(g)
    for k in count():
        kept = _beta(beta, g, g_old)
        restart = failed | (k == 0) | (restart_every is not None and k % (restart_every or 1) == 0)
        restart = restart | ~(dot(g, -g + kept[..., None] * direction) < 0)
        kept = np.where(restart, 0.0, kept)
        direction = where_runs(done, 0.0, where_runs(restart, -g, -g + kept[..., None] * direction))
        step = search(line_search, landscape, theta, direction, f, g, trial,
                      sufficient_decrease=sufficient_decrease, curvature=curvature)  # fmt: skip
        evaluations = evaluations + step.evaluations
        failed = step.step_size == 0
        done = failed & restart  # not even straight downhill is there a lower point
        lowered, slope = step.loss - f, dot(step.gradient, _next_direction(beta, step.gradient, g, direction))
        g_old, theta, f, g = g, step.theta, step.loss, step.gradient
        trial = next_trial(lowered, slope)
        yield ConjugateGradientState(theta, g_old, direction, step.step_size, kept, evaluations)


def _next_direction(beta, gradient, before, direction):
    return -gradient + _beta(beta, gradient, before)[..., None] * direction


def _beta(name, gradient, before):
    """β of two successive gradients; 0 where the gradient before was 0."""
    numerator = dot(gradient, gradient if name == "fletcher_reeves" else gradient - before)
    length = dot(before, before)
    ratio = np.where(length == 0, 0.0, numerator / np.where(length == 0, 1.0, length))
    return np.maximum(ratio, 0.0) if name == "polak_ribiere+" else ratio
