"""The line searches: their conditions hold, their minima are minima, and what they cost is counted."""

import types
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.landscapes import quadratic, rosenbrock
from helpers.line_search import Objective, backtracking, dot, exact, quadratic_minimum, search, strong_wolfe

ROSENBROCK = rosenbrock()
BOWL = quadratic([[3.0, 2.0], [2.0, 3.0]])
LANDSCAPES = [ROSENBROCK, landscapes.himmelblau(), landscapes.beale(), BOWL]
WITHIN = st.floats(-2.5, 2.5)


class Counting:
    """A landscape that remembers the points it was asked about."""

    def __init__(self, landscape):
        self.landscape, self.points, self.dimension = landscape, [], landscape.dimension

    def loss(self, theta):
        self.points.append(theta.tobytes())
        return self.landscape.loss(theta)

    def gradient(self, theta):
        self.points.append(theta.tobytes())
        return self.landscape.gradient(theta)


def line(function, slope):
    """A landscape of one parameter."""
    return types.SimpleNamespace(dimension=1, loss=lambda t: function(t[..., 0]), gradient=slope)


@pytest.mark.parametrize("landscape", LANDSCAPES, ids=lambda landscape: landscape.name)
@given(start=st.tuples(WITHIN, WITHIN), angle=st.floats(-1.5, 1.5), first=st.floats(-6, 3), c2=st.floats(0.01, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_strong_wolfe_conditions_hold(landscape, start, angle, first, c2):
    theta = np.array(start)
    g = landscape.gradient(theta)
    if not np.any(g):
        return
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    direction = -turn @ g  # within 86 degrees of straight downhill
    step = strong_wolfe(landscape, theta, direction, initial_step=10.0**first, curvature=c2, sufficient_decrease=1e-3)
    slope = g @ direction
    if not step.success:
        # Beale's and Himmelblau's functions are bounded: a step exists. Only rounding may hide it.
        assert abs(slope) < 1e-6
        return
    assert_allclose(step.theta, theta + step.step_size * direction, rtol=0, atol=1e-9)
    slack = 8 * np.finfo(float).eps * landscape.loss(theta)
    assert step.loss == landscape.loss(step.theta) <= landscape.loss(theta) + 1e-3 * step.step_size * slope + slack
    assert_array_equal(step.gradient, landscape.gradient(step.theta))
    assert abs(step.gradient @ direction) <= c2 * abs(slope)


def test_the_first_trial_is_taken_if_it_will_do():
    theta = np.array([1.0, 0.0])
    step = strong_wolfe(quadratic(np.eye(2)), theta, -theta, initial_step=1.0)
    assert (step.step_size, step.evaluations, step.success) == (1, 1, True)


def test_it_reaches_far_beyond_its_first_trial_and_far_below_it():
    theta = np.array([1.0, 0.0])
    for scale in (1e-8, 1e8):
        step = strong_wolfe(quadratic(scale * np.eye(2)), theta, -scale * theta, initial_step=1.0, curvature=0.1)
        assert step.success and 0.9 / scale <= step.step_size <= 1.1 / scale


def test_more_and_thuentes_first_problem():
    # φ(a) = −a/(a² + 2): slope −1/2 at 0, minimum at √2, flat far out (Moré & Thuente 1994, table I).
    hard = line(lambda a: -a / (a**2 + 2), lambda t: (t**2 - 2) / (t**2 + 2) ** 2)
    for first in (1e-3, 1e-1, 10.0, 1e3):
        step = strong_wolfe(hard, np.zeros(1), np.ones(1), initial_step=first, curvature=1e-3)
        assert step.success and abs(step.gradient[0]) <= 5e-4 and step.evaluations <= 15
        best = exact(hard, np.zeros(1), np.ones(1), initial_step=first)
        assert_allclose(best.step_size, np.sqrt(2), rtol=1e-8)


@pytest.mark.parametrize("method", [strong_wolfe, backtracking, exact, quadratic_minimum])
def test_what_it_costs_is_counted(method):
    counting = Counting(BOWL)
    counting.hessian = BOWL.hessian
    theta = BOWL.start
    f, g = BOWL.loss(theta), BOWL.gradient(theta)
    known = {"gradient": g} if method is quadratic_minimum else {"gradient": g, "loss": f}
    step = method(counting, theta, -g, **known)
    assert step.evaluations == len(set(counting.points)) > 0


@pytest.mark.parametrize("method", [exact, quadratic_minimum])
def test_the_exact_minimum_of_a_quadratic(method):
    rng = np.random.default_rng(0)
    theta, direction = rng.normal(size=(2, 7, 2))
    g = BOWL.gradient(theta)
    direction = np.where(dot(g, direction)[:, None] < 0, direction, -direction)
    step = method(BOWL, theta, direction)
    a = -dot(g, direction) / dot(direction, BOWL.gradient(direction))
    assert_allclose(step.step_size, a, rtol=1e-9)
    assert_allclose(dot(step.gradient, direction), 0, atol=1e-9)
    if method is exact:
        assert step.evaluations.max() <= 4


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.5, -0.3), (2.0, 2.0)])
def test_the_exact_minimum_of_rosenbrock_along_its_gradient(start):
    from scipy.optimize import minimize_scalar

    theta = np.array(start)
    g = ROSENBROCK.gradient(theta)
    step = exact(ROSENBROCK, theta, -g, initial_step=1e-4)
    near = minimize_scalar(lambda a: float(ROSENBROCK.loss(theta - a * g)), options={"xtol": 1e-12},
                           bracket=(0.9 * float(step.step_size), 1.1 * float(step.step_size)))  # fmt: skip
    assert_allclose(step.step_size, near.x, rtol=1e-6)
    assert abs(step.gradient @ g) <= 1e-9 * (g @ g)


def test_backtracking_halves_until_the_cost_is_low_enough():
    step = backtracking(ROSENBROCK, ROSENBROCK.start, -ROSENBROCK.gradient(ROSENBROCK.start), initial_step=1.0)
    g = ROSENBROCK.gradient(ROSENBROCK.start)

    def enough(a):
        drop = ROSENBROCK.loss(ROSENBROCK.start - a * g) - ROSENBROCK.loss(ROSENBROCK.start)
        return drop <= -1e-4 * a * (g @ g)

    halvings = next(k for k in range(60) if enough(0.5**k))
    assert step.step_size == 0.5**halvings and step.evaluations == halvings + 1 and not enough(2 * step.step_size)
    assert_array_equal(step.gradient, ROSENBROCK.gradient(step.theta))


@pytest.mark.parametrize("method", [strong_wolfe, backtracking, exact])
def test_runs_are_independent(method):
    rng = np.random.default_rng(1)
    theta = rng.uniform(-2, 2, (4, 3, 2))
    direction = -ROSENBROCK.gradient(theta)
    together = method(ROSENBROCK, theta, direction, initial_step=0.01)
    for index in np.ndindex(4, 3):
        alone = method(ROSENBROCK, theta[index], direction[index], initial_step=0.01)
        for name in together._fields:
            assert_array_equal(getattr(together, name)[index], getattr(alone, name), err_msg=name)


@pytest.mark.parametrize("name", ["exact", "quadratic", "backtracking", "wolfe"])
def test_at_a_minimum_or_uphill_the_run_stays_and_costs_nothing(name):
    theta = np.array([[0.0, 0.0], [1.0, 1.0]])
    g = BOWL.gradient(theta)
    direction = np.zeros((2, 2)) if name == "quadratic" else g  # uphill from the second
    step = search(name, Objective(BOWL, (2, 2)), theta, direction, BOWL.loss(theta), g, np.ones(2),
                  sufficient_decrease=1e-4, curvature=0.5)  # fmt: skip
    assert_array_equal(step.theta, theta)
    assert_array_equal(step.step_size, 0)
    assert_array_equal(step.evaluations, 0)


def test_where_the_line_has_no_minimum_the_exact_searches_say_infinity():
    saddle, theta = landscapes.saddle(), np.array([0.0, 1.0])
    direction = -saddle.gradient(theta)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in (exact, quadratic_minimum):
            assert method(saddle, theta, direction).step_size == np.inf
        step = strong_wolfe(saddle, theta, direction)
    assert not step.success and step.loss < saddle.loss(theta)


def test_a_cost_that_overflows_on_the_way_is_not_taken():
    def slope(t):
        return np.where(t > 1, np.nan, 2 * (t - 0.9))

    steep = line(lambda a: np.where(a > 1, np.inf, (a - 0.9) ** 2), slope)
    step = strong_wolfe(steep, np.zeros(1), np.ones(1), initial_step=1e6, curvature=0.1)
    assert step.success and 0.8 < step.step_size <= 1


@pytest.mark.parametrize(("method", "arguments", "message"), [
    (strong_wolfe, {"curvature": 1.0}, "curvature: must be"),
    (strong_wolfe, {"curvature": 1e-5}, "curvature: must be > sufficient_decrease"),
    (strong_wolfe, {"initial_step": 0.0}, "initial_step: must be"),
    (strong_wolfe, {"max_trials": 0}, "max_trials: must be"),
    (backtracking, {"shrink": 1.0}, "shrink: must be"),
    (backtracking, {"sufficient_decrease": -0.1}, "sufficient_decrease: must be"),
])  # fmt: skip
def test_nonsense_is_refused(method, arguments, message):
    with pytest.raises(ValueError, match=message):
        method(BOWL, BOWL.start, -BOWL.start, **arguments)


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="direction: must be"):
        exact(BOWL, BOWL.start, np.ones(3))
    with pytest.raises(ValueError, match="direction: must be of theta's shape"):
        exact(BOWL, BOWL.start, np.ones((2, 2)))


def test_answers_of_a_wrong_shape_are_refused():
    broken = types.SimpleNamespace(loss=lambda t: t, gradient=lambda t: t)
    with pytest.raises(ValueError, match=r"landscape.loss: must be"):
        strong_wolfe(broken, np.ones(2), -np.ones(2))
    with pytest.raises(ValueError, match="landscape: must be"):
        Objective(object(), (2,))
    with pytest.raises(ValueError, match="hessian"):
        quadratic_minimum(types.SimpleNamespace(loss=BOWL.loss, gradient=BOWL.gradient), np.ones(2), -np.ones(2))
