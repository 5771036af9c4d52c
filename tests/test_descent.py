"""The loop that records a run: what is in a Trajectory, and what becomes of runs that diverge."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.descent import Trajectory, descend
from helpers.optimizers import METHODS, adam, momentum, sgd

BOWL = landscapes.quadratic([[3, 2], [2, 3]])  # curvatures 1 and 5: plain descent is stable up to ε = 2/5
LINE = landscapes.quadratic([[1.0]])  # there θ ← (1 − ε) θ
ROSENBROCK = landscapes.rosenbrock()
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@EVERY
@pytest.mark.parametrize("record_every", [1, 3, 4, 100])
def test_a_trajectory_holds_the_states_of_the_generator(method, record_every):
    starts = np.array([[-1.2, 1.0], [0.5, 0.5]])
    trajectory = descend(method, ROSENBROCK, starts, 10, learning_rate=1e-3, record_every=record_every)
    generator = method(ROSENBROCK.gradient, starts, learning_rate=1e-3)
    states = [next(generator) for _ in range(10)]
    assert_array_equal(trajectory.steps, sorted({*range(0, 11, record_every), 10}))
    assert_array_equal(trajectory.theta[0], starts)
    assert set(trajectory.variables) == set(states[0]._fields) - {"theta"}
    for name in states[0]._fields:
        values = getattr(trajectory, name)
        assert values.shape == (len(trajectory.steps), 2, 2)
        assert_array_equal(values[1:], [getattr(states[step - 1], name) for step in trajectory.steps[1:]])
        assert name == "theta" or np.all(np.isnan(values[0]))  # no step had been made
    assert trajectory.loss.shape == (len(trajectory.steps), 2)
    assert_array_equal(trajectory.loss, ROSENBROCK.loss(trajectory.theta))
    assert_array_equal(trajectory.diverged_at, [-1, -1])
    assert_array_equal(trajectory.diverged, [False, False])


def test_a_method_may_be_named_or_given():
    by_name = descend("adam", BOWL, [1, 2], 5)
    assert_array_equal(by_name.theta, descend(adam, BOWL, [1, 2], 5).theta)
    assert by_name.theta.shape == (6, 2) and by_name.loss.shape == (6,) and by_name.diverged_at.shape == ()


def test_start_and_hyper_parameters_are_left_alone():
    start, rates = np.array([1.0, 2.0]), np.array([0.1, 0.2])
    trajectory = descend("momentum", BOWL, start, 5, learning_rate=rates)
    trajectory.theta[:] = 0
    assert_array_equal(start, [1, 2])
    assert_array_equal(rates, [0.1, 0.2])


def test_a_sweep_over_two_hyper_parameters_is_one_run():
    rates, alphas = np.linspace(0.01, 0.3, 4)[:, None], np.linspace(0, 0.9, 3)
    sweep = descend("momentum", BOWL, [-2.5, 1.0], 30, learning_rate=rates, momentum=alphas)
    assert sweep.loss.shape == (31, 4, 3)
    for i, rate in enumerate(rates[:, 0]):
        for j, alpha in enumerate(alphas):
            alone = descend("momentum", BOWL, [-2.5, 1.0], 30, learning_rate=rate, momentum=alpha)
            assert_allclose(sweep.loss[:, i, j], alone.loss, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("name", ["max_norm", "max_value"])
def test_a_sweep_over_the_bound_of_the_gradient(name):
    bounds = np.array([0.1, 1.0, 1e9])
    sweep = descend("sgd", ROSENBROCK, [-1.2, 1.0], 20, learning_rate=1e-3, **{name: bounds})
    assert sweep.theta.shape == (21, 3, 2)
    for column, bound in enumerate(bounds):
        alone = descend("sgd", ROSENBROCK, [-1.2, 1.0], 20, learning_rate=1e-3, **{name: bound})
        assert_array_equal(sweep.theta[:, column], alone.theta)
    assert_array_equal(sweep.theta[:, 2], descend("sgd", ROSENBROCK, [-1.2, 1.0], 20, learning_rate=1e-3).theta)
    size = np.linalg.norm(sweep.gradient[1:], axis=-1, ord=2 if name == "max_norm" else np.inf)
    assert_allclose(size.max(axis=0)[:2], bounds[:2])  # the clipped gradient is what is recorded


def test_every_gradient_of_a_stochastic_landscape_is_used_once():
    calls = []
    counting = replace(BOWL, gradient=lambda theta: calls.append(1) or BOWL.gradient(theta))
    descend("nesterov", counting, [1, 2], 17, learning_rate=0.1, record_every=5)
    assert len(calls) == 17
    noisy = [descend("sgd", landscapes.with_noise(BOWL, 1.0, seed=4), [1, 2], 9, learning_rate=0.1) for _ in range(2)]
    assert_array_equal(noisy[0].theta, noisy[1].theta)


def test_anything_with_loss_gradient_and_dimension_can_be_descended():
    class Cost:
        dimension = 3

        def loss(self, theta):
            return np.sum(theta**4, axis=-1)

        def gradient(self, theta):
            return 4 * theta**3

    trajectory = descend("sgd", Cost(), np.full((2, 3), 0.5), 10, learning_rate=0.1)
    assert trajectory.loss.shape == (11, 2) and np.all(np.diff(trajectory.loss, axis=0) < 0)


# ---- Divergence. Every warning is an error in these tests. ----


@EVERY
def test_divergence_is_silent_and_leaves_nan_from_its_step_on(method):
    steep = landscapes.quadratic([[1e100, 0], [0, 1.0]])
    trajectory = descend(method, steep, [1.0, 1.0], 30, learning_rate=1e308)
    step = int(trajectory.diverged_at)
    assert trajectory.diverged and 1 <= step <= 30
    for values in (trajectory.theta, trajectory.loss, *trajectory.variables.values()):
        assert np.all(np.isnan(values[step:]))
    assert np.all(np.isfinite(trajectory.theta[:step])) and np.all(np.isfinite(trajectory.loss[:step]))


def test_the_step_of_divergence_by_hand():
    """θ ← (1 − ε) θ = −1e100 θ: 1, −1e100, 1e200, −1e300, and 1e400 is beyond the numbers: θ at step 4; the cost ½ θ²
    at step 2 already, while θ is finite. The cost is what is seen first."""
    trajectory = descend("sgd", LINE, [1.0], 10, learning_rate=1e100)
    assert trajectory.diverged_at == 2
    assert_allclose(trajectory.loss[:2], [0.5, 5e199])
    assert np.all(np.isnan(trajectory.loss[2:])) and np.all(np.isnan(trajectory.theta[2:]))
    assert np.all(np.isnan(trajectory.gradient[2:])) and trajectory.gradient[1] == 1
    # A cost that does not overflow: θ itself decides.
    flat = replace(LINE, loss=lambda theta: np.sum(np.tanh(theta), axis=-1))
    trajectory = descend("sgd", flat, [1.0], 10, learning_rate=1e100)
    assert trajectory.diverged_at == 4
    assert_allclose(trajectory.theta[:4, 0], [1, -1e100, 1e200, -1e300], rtol=1e-14)
    assert np.all(np.isnan(trajectory.theta[4:])) and np.all(np.isnan(trajectory.loss[4:]))


@pytest.mark.parametrize(("record_every", "by_theta", "by_loss"), [(1, 4, 2), (3, 4, 3), (5, 4, 4), (100, 4, 4)])
def test_divergence_between_two_records(record_every, by_theta, by_loss):
    """θ is looked at in every step; the cost is computed for the recorded ones only."""
    assert descend("sgd", LINE, [1.0], 12, learning_rate=1e100, record_every=record_every).diverged_at == by_loss
    flat = replace(LINE, loss=lambda theta: np.sum(np.tanh(theta), axis=-1))
    trajectory = descend("sgd", flat, [1.0], 12, learning_rate=1e100, record_every=record_every)
    assert trajectory.diverged_at == by_theta
    gone = trajectory.steps >= by_theta
    assert_array_equal(np.isnan(trajectory.theta[:, 0]), gone)
    assert_array_equal(np.isnan(trajectory.loss), gone)


@EVERY
@pytest.mark.parametrize("record_every", [1, 7])
def test_a_run_that_diverges_leaves_its_neighbours_alone(method, record_every):
    rates = np.array([[1e-3, 1e308, 5e-4]])
    starts = np.array([[-1.2, 1.0], [0.3, -0.4]])[:, None]
    together = descend(method, ROSENBROCK, starts, 25, learning_rate=rates, record_every=record_every)
    assert_array_equal(together.diverged, [[False, True, False]] * 2)
    for row in range(2):
        for column in range(3):
            alone = descend(method, ROSENBROCK, starts[row, 0], 25, learning_rate=rates[0, column],
                            record_every=record_every)  # fmt: skip
            assert together.diverged_at[row, column] == alone.diverged_at
            for name in ("theta", "loss", *together.variables):
                assert_allclose(getattr(together, name)[:, row, column], getattr(alone, name), rtol=1e-12, err_msg=name)


def test_the_loop_ends_when_every_run_has_diverged():
    calls = []
    flat = replace(LINE, loss=lambda theta: np.sum(np.tanh(theta), axis=-1),
                   gradient=lambda theta: calls.append(1) or theta)  # fmt: skip
    trajectory = descend("sgd", flat, np.ones((3, 1)), 10_000, learning_rate=np.array([1e100, 1e50, 1e200]))
    assert_array_equal(trajectory.diverged_at, [4, 7, 2])
    assert len(calls) == 7
    assert trajectory.theta.shape == (10_001, 3, 1) and np.all(np.isnan(trajectory.theta[7:]))


def test_parameters_whose_sum_overflows_have_not_diverged():
    still = replace(BOWL, gradient=np.zeros_like, loss=lambda theta: np.zeros(theta.shape[:-1]))
    trajectory = descend("sgd", still, [1.7e308, 1.7e308], 3, learning_rate=1.0)
    assert not trajectory.diverged and np.all(trajectory.theta == 1.7e308)


def test_a_start_of_infinite_cost_has_diverged_before_the_first_step():
    trajectory = descend("sgd", BOWL, [[1e200, 0.0], [1.0, 0.0]], 3, learning_rate=0.1)
    assert_array_equal(trajectory.diverged_at, [0, -1])
    assert np.all(np.isnan(trajectory.theta[:, 0])) and np.all(np.isfinite(trajectory.theta[:, 1]))


def test_infinite_gradients_clipped_by_value_are_no_divergence():
    cost = replace(LINE, gradient=lambda theta: np.where(theta > 0, np.inf, 0), loss=lambda theta: theta[..., 0])
    trajectory = descend("sgd", cost, [1.0], 3, learning_rate=0.25, max_value=1)
    assert_array_equal(trajectory.theta[:, 0], [1, 0.75, 0.5, 0.25])
    assert not trajectory.diverged


@pytest.mark.parametrize(("rate", "stable"), [(0.399, True), (0.401, False)])
def test_plain_descent_is_stable_up_to_two_over_the_largest_curvature(rate, stable):
    trajectory = descend("sgd", BOWL, [-2.5, 1.0], 500, learning_rate=rate)
    assert (trajectory.loss[-1] < trajectory.loss[0]) == stable


@pytest.mark.parametrize(("method", "limit"), [("momentum", 2 * 1.9), ("nesterov", 2 * 1.9 / 2.8)])
def test_stability_of_momentum_and_of_nesterov(method, limit):
    """ελ < 2 (1 + α), and for Nesterov's method 2 (1 + α)/(1 + 2α): 3.8 and 1.357 for α = 0.9."""
    ends = descend(method, LINE, [1.0], 3000, learning_rate=np.array([0.99, 1.01]) * limit, momentum=0.9)
    assert ends.loss[-1, 0] < 1e-6 and not (ends.loss[-1, 1] < 1e6)


# ---- The Trajectory itself ----


def test_state_variables_are_attributes_and_other_names_are_not():
    trajectory = descend(momentum, BOWL, [1, 2], 3, learning_rate=0.1)
    assert trajectory.velocity is trajectory.variables["velocity"]
    with pytest.raises(AttributeError, match="'accumulator'.*theta, loss, gradient, velocity"):
        _ = trajectory.accumulator
    with pytest.raises(AttributeError):
        trajectory.theta = None


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_trajectory_can_be_copied_and_stored(duplicate):
    trajectory = descend(sgd, BOWL, [1, 2], 3, learning_rate=0.1)
    again = duplicate(trajectory)
    assert isinstance(again, Trajectory) and trajectory == trajectory and trajectory != again
    assert_array_equal(again.theta, trajectory.theta)
    assert_array_equal(again.gradient, trajectory.gradient)
