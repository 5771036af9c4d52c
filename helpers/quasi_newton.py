"""Quasi-Newton methods: they learn the inverse Hessian from the gradients met on the way."""

from itertools import count
from typing import NamedTuple

import numpy as np

from helpers.landscape_methods import first_trial, method, next_trial, where_runs
from helpers.line_search import dot, search


class BFGSState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    step_size: np.ndarray  # (...,)
    inverse_hessian: np.ndarray  # (..., n, n): the approximation M after the step
    evaluations: np.ndarray  # (...,): points of the cost looked at so far


class LBFGSState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    step_size: np.ndarray
    position_changes: np.ndarray  # (..., m, n): the last m steps s, oldest first; rows of zeros until there are so many
    gradient_changes: np.ndarray  # (..., m, n): by how much the gradient changed in each of them, y
    scale: np.ndarray  # (...,): γ, the identity's multiple that the pairs start from
    evaluations: np.ndarray


def inverse_update(inverse_hessian, step, change):
    """The BFGS update of the approximation M of H⁻¹, after a step s that changed the gradient by y.

    Rule, with ρ = 1/yᵀs: M ← (I − ρ s yᵀ) M (I − ρ y sᵀ) + ρ s sᵀ. Then M y = s, and M stays positive definite. Where
    yᵀs > 0 fails (no step, or negative curvature) M stays as it is.

    Arguments: inverse_hessian: symmetric, shape (..., n, n); step, change: shape (..., n).
    Source: Broyden, Fletcher, Goldfarb, Shanno, all 1970; Nocedal & Wright 2006, equation 6.17.
    """
    inverse, s, y = (np.asarray(value, float) for value in (inverse_hessian, step, change))
    with np.errstate(all="ignore"):
        rho = _reciprocal_curvature(s, y)
        s, y = (np.where(rho[..., None] > 0, vector, 0.0) for vector in (s, y))
        my = (inverse @ y[..., None])[..., 0]
        # The product written out is M + s uᵀ + u sᵀ with u = ½ ρ (1 + ρ yᵀMy) s − ρ My: n² work, and symmetric.
        u = (0.5 * rho * (1 + rho * dot(y, my)))[..., None] * s - rho[..., None] * my
        outer = s[..., :, None] * u[..., None, :]
        return inverse + (outer + outer.swapaxes(-1, -2))


def _reciprocal_curvature(s, y):
    """ρ = 1/yᵀs, and 0 where yᵀs is not positive beyond rounding: such a pair is left out."""
    sy = dot(s, y)
    useful = (sy > 1e-16 * np.sqrt(dot(s, s) * dot(y, y))) & np.isfinite(sy)
    return np.where(useful, 1 / np.where(useful, sy, 1.0), 0.0)


def two_loop(gradient, steps, changes, scale):
    """M g for the M that L-BFGS never writes down: the BFGS updates of m pairs on top of γI, in 4mn multiplications.

    Arguments: gradient: (..., n); steps, changes: (..., m, n), oldest first, pairs of zeros being skipped; scale: γ.
    Source: Nocedal 1980; Nocedal & Wright 2006, algorithm 7.4.
    """
    rho = _reciprocal_curvature(steps, changes)
    q, weights = np.array(gradient), [None] * rho.shape[-1]
    for i in reversed(range(rho.shape[-1])):
        weights[i] = rho[..., i] * dot(steps[..., i, :], q)
        q = q - weights[i][..., None] * changes[..., i, :]
    r = np.asarray(scale)[..., None] * q
    for i, weight in enumerate(weights):
        back = rho[..., i] * dot(changes[..., i, :], r)
        r = r + (weight - back)[..., None] * steps[..., i, :]
    return r


@method
def bfgs(landscape, theta, *, line_search="wolfe", sufficient_decrease=1e-4, curvature=0.9):
    """BFGS: Newton's method with an inverse Hessian M that is learned, step by step, from the gradients.

    Rule: d = −M g;  a from the line search;  θ ← θ + a d;  M from the step and the change of the gradient
    (`inverse_update`); M starts at the identity. Where d goes not downhill, or no lower point was found, M starts anew.

    Arguments: as of `helpers.second_order.steepest_descent`. M takes n² numbers for each run.
    Yields: theta, gradient, direction, step_size, inverse_hessian, evaluations. At a critical point it stays.
    Source: Goodfellow et al. 2016, section 8.6.3; Nocedal & Wright 2006, algorithm 6.1.
    """
    f, g = landscape.both(theta)
    evaluations = np.ones(theta.shape[:-1], int)
    identity = np.eye(theta.shape[-1])
    inverse = np.array(np.broadcast_to(identity, (*theta.shape, theta.shape[-1])))
    failed = done = np.zeros(theta.shape[:-1], bool)
    lowered = np.zeros(theta.shape[:-1])
    for k in count():
        direction = -(inverse @ g[..., None])[..., 0]
        anew = failed | ~(dot(g, direction) < 0)
        if np.any(anew):
            inverse = where_runs(anew, identity, inverse)
            direction = where_runs(anew, where_runs(done, 0.0, -g), direction)
        # M may be far too large yet: no step is tried that promises much more than the last one brought.
        trial = np.where(anew | (k == 0), first_trial(g), np.minimum(1.0, next_trial(lowered, dot(g, direction))))
        step = search(line_search, landscape, theta, direction, f, g, trial,
                      sufficient_decrease=sufficient_decrease, curvature=curvature)  # fmt: skip
        evaluations = evaluations + step.evaluations
        inverse = inverse_update(inverse, step.theta - theta, step.gradient - g)
        failed, lowered = step.step_size == 0, step.loss - f
        done = failed & (anew | (k == 0))  # not even straight downhill is there a lower point
        g_old, theta, f, g = g, step.theta, step.loss, step.gradient
        yield BFGSState(theta, g_old, direction, step.step_size, inverse, evaluations)


@method
def lbfgs(landscape, theta, *, memory=10, line_search="wolfe", sufficient_decrease=1e-4, curvature=0.9):
    """L-BFGS: BFGS that remembers only its last m steps, 2mn numbers in place of n².

    Rule: d = −M g by `two_loop` over the last m pairs, on top of γI with γ = sᵀy / yᵀy of the newest pair; the line
    search and the rest as in `bfgs`.

    Arguments: memory: m >= 1; the others as of `helpers.second_order.steepest_descent`.
    Yields: theta, gradient, direction, step_size, position_changes, gradient_changes, scale, evaluations.
    Source: Nocedal 1980; Liu & Nocedal 1989; Goodfellow et al. 2016, section 8.6.3.
    """
    f, g = landscape.both(theta)
    batch, n = theta.shape[:-1], theta.shape[-1]
    evaluations = np.ones(batch, int)
    steps, changes, scale = np.zeros((*batch, memory, n)), np.zeros((*batch, memory, n)), np.ones(batch)
    failed = done = np.zeros(batch, bool)
    for k in count():
        direction = -two_loop(g, steps, changes, scale)
        anew = failed | ~(dot(g, direction) < 0)
        if np.any(anew):
            steps, changes = where_runs(anew, 0.0, steps), where_runs(anew, 0.0, changes)
            scale = np.where(anew, 1.0, scale)
            direction = where_runs(anew, where_runs(done, 0.0, -g), direction)
        trial = np.where(anew | (k == 0), first_trial(g), 1.0)
        step = search(line_search, landscape, theta, direction, f, g, trial,
                      sufficient_decrease=sufficient_decrease, curvature=curvature)  # fmt: skip
        evaluations = evaluations + step.evaluations
        s, y = step.theta - theta, step.gradient - g
        useful = _reciprocal_curvature(s, y) > 0
        steps = where_runs(useful, np.concatenate([steps[..., 1:, :], s[..., None, :]], axis=-2), steps)
        changes = where_runs(useful, np.concatenate([changes[..., 1:, :], y[..., None, :]], axis=-2), changes)
        scale = np.where(useful, dot(s, y) / np.where(useful, dot(y, y), 1.0), scale)
        failed = step.step_size == 0
        done = failed & (anew | (k == 0))  # not even straight downhill is there a lower point
        g_old, theta, f, g = g, step.theta, step.loss, step.gradient
        yield LBFGSState(theta, g_old, direction, step.step_size, steps, changes, scale, evaluations)
