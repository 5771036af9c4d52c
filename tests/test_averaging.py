"""Polyak averaging: the wrapper against plain means, the exact recursion against sampling and closed forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes, optimizers
from helpers.averaging import averaged, expected_squares, exponential_floor
from helpers.descent import descend


@pytest.mark.parametrize("method", [optimizers.sgd, optimizers.momentum, optimizers.adam])
def test_the_averages_are_averages_and_the_steps_do_not_see_them(method):
    bowl = landscapes.quadratic(np.diag([1.0, 4.0]))
    start = np.array([[-2.5, 2.0], [1.0, 0.5]])
    plain = descend(method, landscapes.with_noise(bowl, 1.0, seed=3), start, 30, learning_rate=0.1)
    run = descend(
        averaged(method, rho=0.8, first_step=4), landscapes.with_noise(bowl, 1.0, seed=3), start, 30, learning_rate=0.1
    )
    assert_array_equal(run.theta, plain.theta)
    assert set(run.variables) == {*plain.variables, "uniform_average", "exponential_average"}
    exponential = start
    for t in range(1, 31):
        exponential = 0.8 * exponential + 0.2 * plain.theta[t]
        expected = plain.theta[5 : t + 1].mean(axis=0) if t > 4 else plain.theta[t]
        assert_allclose(run.uniform_average[t], expected, rtol=1e-12, atol=1e-14)
        assert_allclose(run.exponential_average[t], exponential, rtol=1e-12, atol=1e-14)


def test_rho_may_differ_between_runs():
    bowl = landscapes.quadratic(np.diag([1.0, 4.0]))
    run = descend(averaged(optimizers.sgd, rho=[0.5, 0.9]), bowl, bowl.start, 5, learning_rate=np.array([0.1, 0.1]))
    for index, rho in enumerate((0.5, 0.9)):
        alone = descend(averaged(optimizers.sgd, rho=rho), bowl, bowl.start, 5, learning_rate=0.1)
        assert_allclose(run.exponential_average[1:, index], alone.exponential_average[1:])


@pytest.mark.parametrize("first_step", [0, 30])
@pytest.mark.parametrize(("curvature", "rate"), [(1.0, 0.5), (0.2, 1.5), (1.0, 1.9)])
def test_expected_squares_against_sampling(curvature, rate, first_step):
    noisy = landscapes.with_noise(landscapes.quadratic([[curvature]]), 0.7, seed=1)
    method = averaged(optimizers.sgd, rho=0.9, first_step=first_step)
    run = descend(method, noisy, np.full((20000, 1), 2.0), 80, learning_rate=rate)
    exact = expected_squares(curvature, 2.0, 0.7, rate, 80, rho=0.9, first_step=first_step)
    for column, points in enumerate((run.theta, run.uniform_average, run.exponential_average)):
        for step in (1, 5, 40, 80):
            # The mean of 20,000 squares of normal numbers has a relative standard error of 1 % at most.
            assert_allclose(np.mean(points[step] ** 2), exact[step, column], rtol=0.04)
    assert_array_equal(exact[0], 4.0)


def test_the_numbers_of_the_lesson():
    last = expected_squares(1.0, 0.0, 1.0, 0.5, 4000, rho=0.99)[-1]
    assert_allclose(last[0], 1 / 3, rtol=1e-9)
    assert_allclose(last[1], 0.00025, rtol=0.01)
    assert_allclose(last[2], exponential_floor(1.0, 1.0, 0.5, 0.99), rtol=1e-9)


@pytest.mark.parametrize("rate", [0.1, 0.7, 1.8])
def test_the_uniform_average_forgets_the_learning_rate(rate):
    """σ²/(λ²t) whatever ε (Polyak & Juditsky 1992); from the minimum on, since the start adds (θ_0/(ελt))²."""
    squares = expected_squares(2.0, 0.0, 0.6, rate / 2, 20000)
    assert_allclose(squares[-1, 1], 0.36 / (4 * 20000), rtol=0.01)


def test_exponential_floor_is_where_it_comes_to_rest():
    for curvature, rate, rho in ((1.0, 0.5, 0.9), (0.1, 1.0, 0.99), (1.0, 1.9, 0.5)):
        rest = expected_squares(curvature, 0.0, 1.3, rate, 5000, rho=rho)[-1, 2]
        assert_allclose(rest, exponential_floor(curvature, 1.3, rate, rho), rtol=1e-8)
    assert exponential_floor(1.0, 1.0, 2.0, 0.9) == np.inf
    assert_allclose(exponential_floor(1.0, 1.0, 1.0, 0.95), 1 / 39)


def test_bouncing_for_ever():
    """ελ = 2 without noise: ±1 in turn; the mean of the first t is 0 or −1/t."""
    squares = expected_squares(1.0, 1.0, 0.0, 2.0, 9)
    assert_allclose(squares[:, 0], 1)
    assert_allclose(squares[1:, 1], [1, 0, 1 / 9, 0, 1 / 25, 0, 1 / 49, 0, 1 / 81], atol=1e-15)


@pytest.mark.filterwarnings("error")
def test_divergence_is_a_result():
    bowl = landscapes.quadratic([[1.0]])
    run = descend(averaged(optimizers.sgd), bowl, [1.0], 3000, learning_rate=3.0)
    assert run.diverged and np.isnan(run.uniform_average[-1]).all() and np.isnan(run.exponential_average[-1]).all()
    squares = expected_squares(1.0, 1.0, 1.0, 3.0, 3000)
    assert squares.shape == (3001, 3) and not np.isfinite(squares[-1, 0])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("method", lambda: averaged(3)),
        ("rho", lambda: averaged(optimizers.sgd, rho=1.0)),
        ("first_step", lambda: averaged(optimizers.sgd, first_step=-1)),
        ("learning_rate", lambda: averaged(optimizers.sgd)(np.sin, [1.0], learning_rate=-1)),
        ("curvature", lambda: expected_squares(-1, 0, 1, 0.1, 5)),
        ("num_steps", lambda: expected_squares(1, 0, 1, 0.1, 0)),
        ("rho", lambda: expected_squares(1, 0, 1, 0.1, 5, rho=-0.1)),
        ("curvature", lambda: exponential_floor(0, 1, 0.1, 0.9)),
    ],
)
def test_bad_input_is_refused_by_name_at_the_call(name, call):
    with pytest.raises(ValueError, match=rf"^{name}"):
        call()
