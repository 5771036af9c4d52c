"""The first-order methods against hand computation, identities and their own contract.

What PyTorch makes of the same problems is in test_against_torch.py; what bad input does is in test_checks.py.
"""

import inspect
from itertools import islice
from math import sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.optimizers import (
    METHODS,
    adadelta,
    adagrad,
    adam,
    momentum,
    nesterov,
    rmsprop,
    rmsprop_nesterov,
    sgd,
)

EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
ROSENBROCK = landscapes.rosenbrock()


def take(states, number):
    return list(islice(states, number))


def path(method, gradient, start, num_steps, **hyper_parameters):
    return np.array([state.theta for state in take(method(gradient, start, **hyper_parameters), num_steps)])


# ---- By hand. θ starts at (1, −1); the two gradients are (a, −a) and (b, −b), whatever θ is; ε = 0.1. ----

BY_HAND = {
    # 1 − 0.1·3 = 0.7;  0.7 − 0.1·4 = 0.3
    "sgd": (sgd, (3, 4), {}, {"theta": (0.7, 0.3)}),
    # v = −0.1·6 = −0.6, θ = 0.4;  v = 0.5·(−0.6) − 0.1·3 = −0.6, θ = −0.2
    "momentum": (momentum, (6, 3), {"momentum": 0.5}, {"theta": (0.4, -0.2), "velocity": (-0.6, -0.6)}),
    # the same path, since these gradients do not ask where; looked at 1 + 0 and at 0.4 + 0.5·(−0.6) = 0.1
    "nesterov": (nesterov, (6, 3), {"momentum": 0.5},
                 {"theta": (0.4, -0.2), "velocity": (-0.6, -0.6), "lookahead": (1, 0.1)}),
    # r = 9, rate 0.1/(1 + 3), θ = 1 − 0.3/4 = 0.925;  r = 9 + 16, rate 0.1/(1 + 5), θ = 0.925 − 0.4/6
    "adagrad": (adagrad, (3, 4), {"delta": 1.0},
                {"theta": (0.925, 0.925 - 0.4 / 6), "accumulator": (9, 25), "effective_rate": (0.025, 0.1 / 6)}),
    # r = ¼·36 = 9, rate 0.1/√(7 + 9), θ = 1 − 0.6/4 = 0.85;  r = ¾·9 + ¼·9 = 9, θ = 0.85 − 0.3/4 = 0.775
    "rmsprop": (rmsprop, (6, 3), {"rho": 0.75, "delta": 7.0},
                {"theta": (0.85, 0.775), "accumulator": (9, 9), "effective_rate": (0.025, 0.025)}),
    # r and rate as above; v = −0.15, θ = 0.85;  looked at 0.85 − 0.075 = 0.775, v = −0.075 − 0.075 = −0.15, θ = 0.7
    "rmsprop_nesterov": (rmsprop_nesterov, (6, 3), {"momentum": 0.5, "rho": 0.75, "delta": 7.0},
                         {"theta": (0.85, 0.7), "accumulator": (9, 9), "velocity": (-0.15, -0.15),
                          "lookahead": (1, 0.775), "effective_rate": (0.025, 0.025)}),
    # r = 9, Δ = −6·√16/√25 = −4.8, u = ¼·23.04 = 5.76, θ = 1 − 0.48 = 0.52
    # r = 9, Δ = −3·√21.76/√25, u = ¾·5.76 + ¼·9·21.76/25 = 6.2784, θ = 0.52 − 0.06·√21.76
    "adadelta": (adadelta, (6, 3), {"rho": 0.75, "delta": 16.0},
                 {"theta": (0.52, 0.52 - 0.06 * sqrt(21.76)), "accumulator": (9, 9),
                  "step_accumulator": (5.76, 6.2784), "effective_rate": (0.08, 0.02 * sqrt(21.76))}),
    # s = 2.5, ŝ = 2.5/½ = 5;  r = 12.5, r̂ = 12.5/½ = 25;  θ = 1 − 0.1·5/(5 + 1) = 11/12
    # s = 1.25 + 0.5 = 1.75, ŝ = 1.75/¾ = 7/3;  r = 6.25 + 0.5 = 6.75, r̂ = 6.75/¾ = 9;
    # θ = 11/12 − 0.1·(7/3)/4 = 103/120
    "adam": (adam, (5, 1), {"beta1": 0.5, "beta2": 0.5, "delta": 1.0},
             {"theta": (11 / 12, 103 / 120), "first_moment": (2.5, 1.75), "second_moment": (12.5, 6.75),
              "corrected_first_moment": (5, 7 / 3), "corrected_second_moment": (25, 9),
              "effective_rate": (0.1 / 6, 0.025)}),
    # the same s and r, not divided
    "adam without correction": (adam, (5, 1), {"beta1": 0.5, "beta2": 0.5, "delta": 1.0, "bias_correction": False},
                                {"theta": (1 - 0.25 / (1 + sqrt(12.5)),
                                           1 - 0.25 / (1 + sqrt(12.5)) - 0.175 / (1 + sqrt(6.75))),
                                 "first_moment": (2.5, 1.75), "second_moment": (12.5, 6.75),
                                 "corrected_first_moment": (2.5, 1.75), "corrected_second_moment": (12.5, 6.75)}),
}  # fmt: skip
EVEN = {"accumulator", "step_accumulator", "second_moment", "corrected_second_moment", "effective_rate"}


@pytest.mark.parametrize("case", BY_HAND)
def test_first_two_steps_by_hand(case):
    method, gradients, hyper_parameters, expected = BY_HAND[case]
    given = iter([[g, -g] for g in gradients])
    asked = []

    def gradient(theta):
        asked.append(theta.copy())
        return next(given)

    states = take(method(gradient, [1.0, -1.0], learning_rate=0.1, **hyper_parameters), 2)
    for name, values in expected.items():
        for state, value in zip(states, values, strict=True):
            mirrored = value if name in EVEN else -value  # a square does not know its sign
            assert_allclose(getattr(state, name), [value, mirrored], rtol=1e-14, err_msg=name)
    assert_array_equal([state.gradient for state in states], [[g, -g] for g in gradients])
    points = [state.lookahead for state in states] if "lookahead" in expected else [[1, -1], states[0].theta]
    assert_array_equal(asked, points)


def test_every_state_variable_is_computed_by_hand():
    for method, (_, _, _, expected) in BY_HAND.items():
        if method in METHODS:
            state = next(METHODS[method](lambda theta: theta, [1.0], learning_rate=0.1))
            assert set(state._fields) == set(expected) | {"gradient"}


# ---- Identities ----


@pytest.mark.parametrize("with_momentum", [momentum, nesterov])
def test_momentum_0_is_sgd(with_momentum):
    plain = path(sgd, ROSENBROCK.gradient, [-1.2, 1], 100, learning_rate=1e-3)
    assert_array_equal(path(with_momentum, ROSENBROCK.gradient, [-1.2, 1], 100, learning_rate=1e-3, momentum=0), plain)


def test_rmsprop_nesterov_with_momentum_0_is_rmsprop():
    plain = path(rmsprop, ROSENBROCK.gradient, [-1.2, 1], 100, learning_rate=1e-3)
    other = path(rmsprop_nesterov, ROSENBROCK.gradient, [-1.2, 1], 100, learning_rate=1e-3, momentum=0)
    assert_array_equal(other, plain)


@pytest.mark.parametrize(("rate", "alpha"), [(0.02, 0.9), (0.1, 0.5), (0.19, 0.99), (0.2, 0.0)])
def test_nesterov_on_a_quadratic_is_momentum_with_a_smaller_alpha(rate, alpha):
    """Along each eigenvector, of curvature λ, it is momentum with α (1 − ελ) (Sutskever et al. 2013)."""
    bowl = landscapes.quadratic([[3, 2], [2, 3]])
    curvatures, directions = np.linalg.eigh(bowl.hessian([0, 0]))
    start = np.array([-2.5, 1.0])
    there = path(nesterov, bowl.gradient, start, 200, learning_rate=rate, momentum=alpha) @ directions
    for curvature, direction, expected in zip(curvatures, directions.T, there.T, strict=True):
        same = path(momentum, lambda theta, c=curvature: c * theta, [start @ direction], 200, learning_rate=rate,
                    momentum=alpha * (1 - rate * curvature))  # fmt: skip
        assert_allclose(same[:, 0], expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("alpha", [0.5, 0.9, 0.99])
def test_terminal_velocity(alpha):
    """Under a constant gradient the speed is ε‖g‖(1 − α^k)/(1 − α) after k steps, and never more than its limit."""
    g = np.array([3.0, -4.0])
    states = take(momentum(lambda theta: g, [0.0, 0.0], learning_rate=0.1, momentum=alpha), 2000)
    speed = np.linalg.norm([state.velocity for state in states], axis=-1)
    terminal = 0.1 * 5 / (1 - alpha)
    assert_allclose(speed, terminal * (1 - alpha ** np.arange(1, 2001)), rtol=1e-12)
    assert speed[0] == pytest.approx(0.1 * 5) and speed[-1] == pytest.approx(terminal, rel=1e-8)
    assert np.argmax(speed >= 0.95 * terminal) + 1 == {0.5: 5, 0.9: 29, 0.99: 299}[alpha]


@pytest.mark.parametrize("scale", [1e-3, 1, 1e6])
def test_first_step_of_adam_is_the_rate_whatever_the_gradient(scale):
    g = scale * np.array([1.0, -20.0, 0.3])
    step = path(adam, lambda theta: g, np.zeros(3), 1, learning_rate=0.1, delta=0)[0]
    assert_allclose(step, -0.1 * np.sign(g), rtol=1e-14)
    uncorrected = path(adam, lambda theta: g, np.zeros(3), 1, learning_rate=0.1, delta=0, bias_correction=False)[0]
    assert_allclose(uncorrected, step * (1 - 0.9) / sqrt(1 - 0.999), rtol=1e-13)  # 3.16 times as long
    assert abs(uncorrected[0]) == pytest.approx(0.316, abs=5e-4)


@pytest.mark.parametrize(("rho", "factor"), [(0.9, 3.162), (0.999, 31.62)])
@pytest.mark.parametrize("method", [rmsprop, rmsprop_nesterov])
def test_first_step_of_rmsprop(method, rho, factor):
    """ε/√(1 − ρ): the average starts at 0, and nothing corrects for it."""
    step = path(method, lambda theta: np.array([7.0, -0.02]), [0.0, 0.0], 1, learning_rate=0.1, rho=rho, delta=0)[0]
    assert_allclose(step, [-0.1 / sqrt(1 - rho), 0.1 / sqrt(1 - rho)], rtol=1e-13)
    assert -step[0] / 0.1 == pytest.approx(factor, abs=1e-2)


@pytest.mark.parametrize("method", [adagrad, rmsprop, rmsprop_nesterov, adam])
def test_scaling_the_cost_changes_nothing(method):
    start, options = [-2.5, 1.0], {"learning_rate": 0.01, "delta": 0}
    bowl = landscapes.quadratic([[3, 2], [2, 3]])
    plain = path(method, bowl.gradient, start, 100, **options)
    assert_allclose(path(method, lambda theta: 1e6 * bowl.gradient(theta), start, 100, **options), plain, rtol=1e-11)
    # a power of two scales without rounding
    assert_array_equal(path(method, lambda theta: 2.0**20 * bowl.gradient(theta), start, 100, **options), plain)


def test_adagrad_under_a_constant_gradient_goes_as_the_root_of_time():
    """Σ 1/√t = 2√T + ζ(½) + 1/(2√T) − ... with ζ(½) = −1.46035: 61.8 ε after 1000 steps."""
    distance = -path(adagrad, lambda theta: np.array([5.0]), [0.0], 1000, learning_rate=1.0, delta=0)[:, 0]
    steps = np.arange(1, 1001)
    assert_allclose(distance, 2 * np.sqrt(steps) - 1.4603545 + 0.5 / np.sqrt(steps), atol=0.05)
    assert distance[-1] == pytest.approx(2 * sqrt(1000) - 1.4603545 + 0.5 / sqrt(1000), abs=1e-5)
    assert distance[-1] == pytest.approx(61.8, abs=0.05)


def test_adadelta_starts_without_a_rate_and_finds_its_pace():
    """First step √δ/√(δ + (1 − ρ) g²) |g|, nearly √(δ/(1 − ρ)) whatever g is; then the steps grow."""
    for g in (1.0, 1000.0):
        distance = -path(adadelta, lambda theta, g=g: np.array([g]), [0.0], 50)[:, 0]
        assert distance[0] == pytest.approx(sqrt(1e-6 / 0.05), rel=1e-4)
        assert np.all(np.diff(distance[:20], n=2) > 0)


# ---- The contract ----

SWEEPS = {  # a value for each of three columns
    "learning_rate": np.array([1e-4, 5e-4, 1e-3]),
    "momentum": np.array([0.0, 0.5, 0.95]),
    "rho": np.array([0.5, 0.9, 0.999]),
    "beta1": np.array([0.0, 0.5, 0.9]),
    "beta2": np.array([0.9, 0.99, 0.999]),
    "delta": np.array([1e-8, 1e-4, 0.1]),
}


def parameters_of(method):
    return [name for name in inspect.signature(method).parameters if name in SWEEPS]  # learning_rate is the first


@EVERY
def test_a_sweep_is_every_run_by_itself(method):
    starts = np.array([[-1.2, 1.0], [0.3, -0.4]])
    sweep = {name: SWEEPS[name] for name in parameters_of(method)}
    together = take(method(ROSENBROCK.gradient, starts[:, None, :], **sweep), 40)
    assert together[0].theta.shape == (2, 3, 2)
    for row in range(2):
        for column in range(3):
            numbers = {name: values[column] for name, values in sweep.items()}
            alone = take(method(ROSENBROCK.gradient, starts[row], **numbers), 40)
            for name in alone[0]._fields:
                # The power β^k of an array and that of a number may differ in their last bit.
                assert_allclose([getattr(state, name)[row, column] for state in together],
                                [getattr(state, name) for state in alone], rtol=1e-13, err_msg=name)  # fmt: skip


@EVERY
def test_hyper_parameters_may_add_axes(method):
    sweep = {"learning_rate": np.array([[1e-4], [1e-3]])} | {name: SWEEPS[name] for name in parameters_of(method)[1:]}
    if method is sgd:
        sweep["learning_rate"] = sweep["learning_rate"] * np.ones(3)
    state = next(method(ROSENBROCK.gradient, [-1.2, 1.0], **sweep))
    assert {np.shape(value) for value in state} == {(2, 3, 2)}


@EVERY
def test_a_schedule_is_called_with_the_number_of_steps_made(method):
    rates = [1e-3, 5e-4, 0.0, 2e-3, 1e-3]
    states = take(method(ROSENBROCK.gradient, [-1.2, 1.0], learning_rate=lambda k: rates[k]), 5)
    constant = next(method(ROSENBROCK.gradient, [-1.2, 1.0], learning_rate=rates[0]))
    assert_array_equal(states[0].theta, constant.theta)
    if "effective_rate" in states[0]._fields:
        assert np.all(states[2].effective_rate == 0) and np.all(states[3].effective_rate > 0)
    if method in (sgd, adagrad, rmsprop, adadelta, adam):
        assert_array_equal(states[2].theta, states[1].theta)
    assert_allclose(states[4].theta, path(method, ROSENBROCK.gradient, [-1.2, 1.0], 5,
                                          learning_rate=lambda k: np.array([rates[k]]))[-1, 0])  # fmt: skip


@pytest.mark.parametrize("method", [momentum, nesterov, rmsprop_nesterov])
def test_momentum_may_change_with_the_step(method):
    alphas = [0.5, 0.9, 0.0, 0.8]
    states = take(method(lambda theta: theta, [1.0], learning_rate=0.1, momentum=lambda k: alphas[k]), 4)
    velocity = np.zeros(1)
    for alpha, state in zip(alphas, states, strict=True):
        rate = 0.1 if method is not rmsprop_nesterov else state.effective_rate
        velocity = alpha * velocity - rate * state.gradient
        assert_array_equal(state.velocity, velocity)


@EVERY
def test_the_gradient_is_asked_once_per_step_and_not_before(method):
    calls = []

    def gradient(theta):
        calls.append(theta.copy())
        return 0.1 * theta

    states = method(gradient, [1.0, 2.0], learning_rate=0.01)
    assert len(calls) == 0
    for number in range(1, 6):
        state = next(states)
        assert len(calls) == number
        assert_array_equal(state.gradient, 0.1 * calls[-1])


@EVERY
def test_a_run_can_be_stopped_and_resumed(method):
    states = method(ROSENBROCK.gradient, [-1.2, 1.0], learning_rate=1e-3)
    in_parts = take(states, 3) + take(states, 4)
    at_once = take(method(ROSENBROCK.gradient, [-1.2, 1.0], learning_rate=1e-3), 7)
    for part, whole in zip(in_parts, at_once, strict=True):
        assert_array_equal(part, whole)


@EVERY
def test_states_are_the_runs_own_and_stay_as_they_were(method):
    start = np.array([-1.2, 1.0])
    buffer = np.empty(2)

    def gradient(theta):
        buffer[:] = ROSENBROCK.gradient(theta)
        return buffer  # the same array every time, as a network with preallocated memory would give

    rate = np.array(1e-3)
    states, kept = [], []
    for state in islice(method(gradient, start, learning_rate=rate), 6):
        states.append(state)
        kept.append([value.copy() for value in state])
        start[:] = rate[...] = 0.5  # nobody listens to the arguments any more
    assert_array_equal(states, kept)
    assert_array_equal([state.theta for state in states],
                       path(method, ROSENBROCK.gradient, [-1.2, 1.0], 6, learning_rate=1e-3))  # fmt: skip
    for earlier, later in zip(states, states[1:], strict=False):
        assert not any(np.shares_memory(a, b) for a in earlier for b in later)


@EVERY
def test_start_is_left_alone_and_lists_and_whole_numbers_will_do(method):
    start = np.array([[1, 2], [3, 4]])
    state = next(method(lambda theta: np.ones((2, 2), dtype=np.float32), start, learning_rate=1))
    assert {value.dtype for value in state} == {np.dtype(np.float64)}
    assert_array_equal(start, [[1, 2], [3, 4]])
    assert_array_equal(next(method(lambda theta: [[1, 1], [1, 1]], start.tolist(), learning_rate=1)), state)


@EVERY
def test_divergence_is_silent_and_the_gradient_too(method):
    """Warnings are errors in these tests; NumPy's settings are back between the steps."""
    settings = np.geterr()
    states = method(lambda theta: theta**3 * 1e200, [1e100, 1.0], learning_rate=1e300)
    for _ in range(20):
        last = next(states)
        assert np.geterr() == settings
    assert not np.all(np.isfinite(last.theta))


def test_every_method_has_a_name_and_the_learning_rate_has_a_default_where_the_papers_give_one():
    assert set(METHODS) == {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "rmsprop_nesterov", "adadelta", "adam"}
    for name, method in METHODS.items():
        assert method.__name__ == name
        default = inspect.signature(method).parameters["learning_rate"].default
        assert default == {"adadelta": 1.0, "adam": 0.001}.get(name, inspect.Parameter.empty)
