"""How far to go along a direction: the searches that the methods of `helpers.second_order` use.

With φ(a) = J(θ + a d), a search looks for a step size a > 0 along the direction d. Each works on many independent runs
at once (theta of shape (..., n)); a run whose search has ended is no longer counted. d must point downhill,
φ'(0) = gᵀd < 0: a run where it does not (d = 0 at a minimum, for example) stays where it is, with the step size 0.
"""

from typing import NamedTuple

import numpy as np

from helpers import checks

_EPS = np.finfo(np.float64).eps
_EXACT = {"sufficient_decrease": 1e-11, "curvature": 1e-10}


class Step(NamedTuple):
    """Where a search ended: step_size (...,), theta (..., n), loss (...,), gradient (..., n) there; evaluations (...,),
    the points at which the search looked; success (...,), whether what it looks for was found.
    """

    step_size: np.ndarray
    theta: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    evaluations: np.ndarray
    success: np.ndarray


class Objective:
    """A landscape as a search sees it: cost and gradient in one call, and every answer checked for its shape.

    landscape: anything with loss(theta) and gradient(theta); its loss_and_gradient(theta), hessian(theta) and
    hessian_vector_product(theta, vector) are used where it has them.
    shape: the shape (..., n) of the parameters.
    """

    def __init__(self, landscape, shape):
        for name in ("loss", "gradient"):
            if not callable(getattr(landscape, name, None)):
                takes = "an object with loss(theta) and gradient(theta)"
                checks.fail("landscape", takes, checks.describe(landscape))
        self.landscape, self.shape = landscape, tuple(shape)

    def loss(self, theta):
        """J, shape (...)."""
        return self._checked("loss", self.landscape.loss(theta), self.shape[:-1])

    def gradient(self, theta):
        """∇J, shape (..., n)."""
        return self._checked("gradient", self.landscape.gradient(theta), self.shape)

    def both(self, theta):
        """(J, ∇J), by the landscape's loss_and_gradient where it has one: a network saves a forward pass."""
        if not hasattr(self.landscape, "loss_and_gradient"):
            return self.loss(theta), self.gradient(theta)
        loss, gradient = self.landscape.loss_and_gradient(theta)
        return self._checked("loss", loss, self.shape[:-1]), self._checked("gradient", gradient, self.shape)

    def hessian(self, theta):
        """H, shape (..., n, n)."""
        if not callable(getattr(self.landscape, "hessian", None)):
            checks.fail("landscape", "an object with hessian(theta) for this method", checks.describe(self.landscape))
        return self._checked("hessian", self.landscape.hessian(theta), (*self.shape, self.shape[-1]))

    def hessian_times(self, theta, vector):
        """H v, shape (..., n), without forming H where the landscape can do so."""
        product = getattr(self.landscape, "hessian_vector_product", None)
        if callable(product):
            return self._checked("hessian_vector_product", product(theta, vector), self.shape)
        return (self.hessian(theta) @ vector[..., None])[..., 0]

    @staticmethod
    def _checked(name, value, shape):
        takes = f"a function that returns numbers of shape {shape}"
        value = checks.real_array(f"landscape.{name}", value, takes)
        if value.shape != shape:
            checks.fail(f"landscape.{name}", takes, f"shape {value.shape}")
        return value


def dot(a, b):
    """The scalar product over the last axis."""
    return np.sum(a * b, axis=-1)


def _ratio(a, b):
    """a / b, and 0 where a is 0: a run that has arrived has nothing left to divide."""
    return np.where(a == 0, 0.0, a / np.where(a == 0, 1.0, b))


def backtracking(landscape, theta, direction, *, loss=None, gradient=None, initial_step=1.0, sufficient_decrease=1e-4,
                 shrink=0.5, max_trials=60):  # fmt: skip
    """Halve the step until it lowers the cost enough (Armijo's rule).

    Rule: a = initial_step, then a ← shrink · a until φ(a) <= φ(0) + c₁ a φ'(0).

    Arguments:
        landscape: with loss(theta) and gradient(theta).
        theta, direction: shape (..., n).
        loss, gradient: what they are at theta, if known already.
        initial_step: > 0. sufficient_decrease: c₁ in (0, 1). shrink: in (0, 1). Numbers or arrays over the runs.
        max_trials: >= 1; a run that needs more stays where it is.

    Returns: a Step. Raises: ValueError for values out of range.
    Source: Armijo 1966; Nocedal & Wright 2006, algorithm 3.1.
    """
    objective, theta, direction, f0, g0 = _begin(landscape, theta, direction, loss, gradient)
    shrink = checks.numbers_or_array("shrink", shrink, above=0, below=1)
    c1 = checks.numbers_or_array("sufficient_decrease", sufficient_decrease, above=0, below=1)
    max_trials = checks.integer("max_trials", max_trials, minimum=1)
    with np.errstate(all="ignore"):
        slope = dot(g0, direction)
        active = slope < 0
        step = np.where(active, checks.numbers_or_array("initial_step", initial_step, above=0), 0.0)
        found, f, evaluations = np.zeros_like(step), f0, np.zeros(step.shape, int)
        for _ in range(max_trials):
            if not active.any():
                break
            here = theta + step[..., None] * direction
            active = active & np.any(here != theta, axis=-1)  # else floating point has no further point to look at
            trial = objective.loss(here)
            evaluations = evaluations + active
            good = active & (trial <= f0 + c1 * step * slope) & (trial < f0)
            found, f = np.where(good, step, found), np.where(good, trial, f)
            active = active & ~good
            step = np.where(active, shrink * step, step)
        moved = found > 0
        point = np.where(moved[..., None], theta + found[..., None] * direction, theta)
        g = np.where(moved[..., None], objective.gradient(point), g0)  # at a point that was counted already
        return Step(found, point, f, g, evaluations, moved)


def strong_wolfe(landscape, theta, direction, *, loss=None, gradient=None, initial_step=1.0, sufficient_decrease=1e-4,
                 curvature=0.9, max_trials=40):  # fmt: skip
    """A step that lowers the cost enough and at whose end the slope is small: the strong Wolfe conditions.

    Rule: find a with φ(a) <= φ(0) + c₁ a φ'(0) and |φ'(a)| <= c₂ |φ'(0)|. Two ends are kept: `low`, the lowest point
    so far that fulfils the first condition, and `high`, beyond which we need not look (infinity at first). The next
    trial lies between them, where a cubic through both ends has its minimum, or further out as long as
    nothing bounds it. Differences of the cost below its rounding error, 4·2⁻⁵²|φ(0)|, are not taken for a rise.

    Arguments: as of `backtracking`; curvature: c₂ in (0, 1), and c₁ < c₂. Small c₂: nearly exact, more trials.
    Returns: a Step; where the conditions were not met within max_trials (success False) it ends at `low`, which may be
        the start, with the step size 0.
    Raises: ValueError for values out of range.
    Source: Wolfe 1969; Nocedal & Wright 2006, algorithms 3.5 and 3.6 (here one loop).
    """
    objective, theta, direction, f0, g0 = _begin(landscape, theta, direction, loss, gradient)
    c1 = checks.numbers_or_array("sufficient_decrease", sufficient_decrease, above=0, below=1)
    c2 = checks.numbers_or_array("curvature", curvature, above=0, below=1)
    if np.any(c1 >= c2):
        checks.fail("curvature", "> sufficient_decrease", checks.describe(curvature))
    max_trials = checks.integer("max_trials", max_trials, minimum=1)
    initial_step = checks.numbers_or_array("initial_step", initial_step, above=0)
    return _wolfe(objective, theta, direction, f0, g0, initial_step, c1, c2, max_trials)


def _wolfe(objective, theta, direction, f0, g0, initial_step, c1, c2, max_trials):
    """The search of `strong_wolfe`, on arguments that have been checked."""
    with np.errstate(all="ignore"):
        slope0 = dot(g0, direction)
        slack = 4 * _EPS * np.abs(f0)
        active = (slope0 < 0) & np.isfinite(slope0) & np.isfinite(f0)
        a = np.where(active, initial_step, 0.0)
        low = before = np.stack([np.zeros_like(a), f0, slope0])  # step, cost, slope; `before`: the low end before
        high = np.stack([np.full_like(a, np.inf), np.full_like(a, np.inf), np.full_like(a, np.nan)])
        widths = [np.full_like(a, np.inf)] * 3
        point, g = theta, g0
        evaluations, success = np.zeros(a.shape, int), np.zeros(a.shape, bool)
        for _ in range(max_trials if active.any() else 0):
            here = np.where(active[..., None], theta + a[..., None] * direction, point)
            f_here, g_here = objective.both(here)
            evaluations = evaluations + active
            trial = np.stack([a, f_here, dot(g_here, direction)])
            lower = (trial[1] <= f0 + c1 * a * slope0 + slack) & (trial[1] <= low[1] + slack) & np.isfinite(trial[2])
            lower, higher = active & lower, active & ~lower
            turned = lower & (trial[2] * (high[0] - low[0]) >= 0)  # uphill towards `high`: the minimum is behind us
            high = np.where(higher, trial, np.where(turned, low, high))
            before = np.where(lower, low, before)
            low = np.where(lower, trial, low)
            point, g = np.where(lower[..., None], here, point), np.where(lower[..., None], g_here, g)
            good = lower & (np.abs(trial[2]) <= -c2 * slope0)
            success, active = success | good, active & ~good
            if not active.any():
                break
            widths = [*widths[1:], np.abs(high[0] - low[0])]
            a = np.where(active, _next_trial(low, high, before, widths[-1] > 0.5 * widths[0]), a)
            distinct = np.any(theta + a[..., None] * direction != point, axis=-1)
            active = active & distinct  # else floating point has no further point to look at
            if not active.any():
                break
        # Within the rounding error of the cost only small slopes tell; without them the run has not got anywhere.
        stays = ~success & ~(low[1] < f0)
        point, g = np.where(stays[..., None], theta, point), np.where(stays[..., None], g0, g)
        return Step(np.where(stays, 0.0, low[0]), point, np.where(stays, f0, low[1]), g, evaluations, success)


def _next_trial(low, high, before, slow):
    """The next step size to look at, from the two ends (step, cost, slope) and the last low end before."""
    width = high[0] - low[0]
    # Minima of a parabola and of a cubic, as shares of the way from `low` to `high`. The parabola through both costs
    # and the slope at `low` serves where the slope at `high` is not finite or the cubic has no minimum; where the costs
    # are equal but for rounding, the secant of the slopes knows better than either.
    drop = high[1] - low[1]
    parabola = -low[2] * width / (2 * (drop - low[2] * width))
    middle = low[2] + high[2] - 3 * drop / width
    root = np.sign(width) * np.sqrt(middle**2 - low[2] * high[2])
    cubic = 1 - (high[2] + root - middle) / (high[2] - low[2] + 2 * root)
    share = np.where((cubic > 0) & (cubic < 1), cubic, np.where(np.isfinite(parabola), parabola, 0.1))
    unclear = (np.abs(drop) < 1e-8 * np.abs(low[1])) & (high[2] * width > 0)
    share = np.where(unclear, low[2] / (low[2] - high[2]), share)
    share = np.where(np.isfinite(width) & ~unclear, np.clip(share, 0.01, 0.99), share)
    share = np.where(slow, 0.5, share)  # the last two trials did not halve the bracket
    stride = low[0] - before[0]
    further = stride * low[2] / (before[2] - low[2])
    further = np.where(further > 0, np.minimum(further, 9 * stride), 4 * stride)
    return np.where(np.isfinite(width), low[0] + share * width, low[0] + further)


def exact(landscape, theta, direction, *, loss=None, gradient=None, initial_step=1.0, max_trials=100):
    """The first minimum along the line, to ten digits of the slope: |φ'(a)| <= 1e-10 |φ'(0)|.

    On a quadratic two trials hit it. A run whose cost falls for ever along the line gets the step size
    infinity: there is no minimum.

    Arguments, returns, raises: as of `strong_wolfe`. Source: Goodfellow et al. 2016, section 8.6.2 (line search).
    """
    step = strong_wolfe(landscape, theta, direction, loss=loss, gradient=gradient, initial_step=initial_step,
                        max_trials=max_trials, **_EXACT)  # fmt: skip
    with np.errstate(all="ignore"):
        falls = ~step.success & (dot(step.gradient, np.asarray(direction, float)) < 0) & (step.step_size > 1e30)
        lost = np.where(falls, np.inf, 1.0)
        return step._replace(step_size=step.step_size * lost, theta=step.theta * lost[..., None])


def quadratic_minimum(landscape, theta, direction, *, gradient=None):
    """The minimum along the line as the Hessian at theta predicts it, a = −gᵀd / dᵀHd: exact on a quadratic.

    Arguments: landscape: with hessian(theta) or hessian_vector_product(theta, vector) besides loss and gradient.
    Returns: a Step. Where dᵀHd <= 0 there is no minimum: the step size is infinity. Raises: ValueError.
    Source: Goodfellow et al. 2016, equation 4.10 (for d = −g).
    """
    objective, theta, direction, _, g0 = _begin(landscape, theta, direction, 0.0, gradient)
    with np.errstate(all="ignore"):
        slope = dot(g0, direction)
        curvature = dot(direction, objective.hessian_times(theta, direction))
        a = np.where(curvature <= 0, np.where(slope == 0, 0.0, np.inf), -_ratio(slope, curvature))
        point = theta + np.where(a == 0, 0.0, a)[..., None] * direction
        f, g = objective.both(point)
        return Step(a, point, f, g, (a != 0).astype(int), a != 0)


def _begin(landscape, theta, direction, loss, gradient):
    """What all searches start with: arrays of one shape, the cost and the gradient at theta."""
    theta = checks.parameters("theta", theta)
    direction = checks.parameters("direction", direction, theta.shape[-1])
    if direction.shape != theta.shape:
        checks.fail("direction", f"of theta's shape {theta.shape}", f"shape {direction.shape}")
    objective = landscape if isinstance(landscape, Objective) else Objective(landscape, theta.shape)
    with np.errstate(all="ignore"):
        f0 = objective.loss(theta) if loss is None else np.broadcast_to(np.asarray(loss, float), theta.shape[:-1])
        g0 = objective.gradient(theta) if gradient is None else gradient
    return objective, theta, direction, f0, g0


SEARCHES = ("exact", "quadratic", "backtracking", "wolfe")


def search(name, objective, theta, direction, loss, gradient, initial_step, **constants):
    """One of SEARCHES by its name; `constants` go to those that have them (sufficient_decrease, curvature)."""
    if name == "wolfe":  # the arguments come from a method, which has checked them
        c1, c2 = constants["sufficient_decrease"], constants["curvature"]
        return _wolfe(objective, theta, direction, loss, gradient, initial_step, c1, c2, 40)
    known = {"loss": loss, "gradient": gradient, "initial_step": initial_step}
    if name == "quadratic":
        return quadratic_minimum(objective, theta, direction, gradient=gradient)
    if name == "exact":
        return exact(objective, theta, direction, **known)
    return backtracking(objective, theta, direction, **known, sufficient_decrease=constants["sufficient_decrease"])
