"""The predictions of lessons 8.2.5 to 8.2.8 against SciPy, enumeration, sampling and direct computation."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, linalg, special

from helpers import landscapes, optimizers, theory_8_2b
from helpers.descent import descend


@pytest.mark.parametrize("width", [1, 2, 3, 10, 16, 64, 1001])
def test_layer_growth_is_the_log_of_a_chi_variable(width):
    mean, variance = theory_8_2b.layer_growth(width, gain=1.3)
    assert_allclose(mean, np.log(1.3) + 0.5 * (special.digamma(width / 2) - np.log(width / 2)), rtol=0, atol=1e-12)
    assert_allclose(variance, special.polygamma(1, width / 2) / 4, rtol=1e-10)


def test_layer_growth_of_matrices_that_were_drawn():
    random = np.random.default_rng(0)
    x = random.standard_normal(4)
    logs = np.log(np.linalg.norm(random.standard_normal((40_000, 4, 4)) / 2 @ x, axis=-1) / np.linalg.norm(x))
    mean, variance = theory_8_2b.layer_growth(4)
    assert abs(logs.mean() - mean) < 4 * np.sqrt(variance / len(logs))
    assert_allclose(logs.var(), variance, rtol=0.04)


def test_inexact_moments_come_to_rest_where_a_lyapunov_equation_says():
    hessian = np.array([[3.0, 2.0, 0.3], [2.0, 3.0, 0.0], [0.3, 0.0, 1.0]])
    curvatures, axes = np.linalg.eigh(hessian)
    bias = np.array([0.5, -1.0, 0.2])
    start = axes.T @ [1.0, 2.0, 3.0]
    means, variances = theory_8_2b.inexact_moments(curvatures, start, 0.2, 0.7, axes.T @ bias, 400)
    assert_allclose(axes @ means[-1], -np.linalg.solve(hessian, bias), rtol=1e-12)
    at_rest = linalg.solve_discrete_lyapunov(np.eye(3) - 0.2 * hessian, 0.2**2 * 0.7**2 * np.eye(3))
    assert_allclose(axes @ np.diag(variances[-1]) @ axes.T, at_rest, rtol=1e-10, atol=1e-15)
    assert_allclose(theory_8_2b.stationary_variance(curvatures, 0.2, 0.7), variances[-1], rtol=1e-10)


def test_inexact_moments_of_a_sampled_run():
    curvatures, start, bias = np.array([1.0, 5.0]), np.array([1.0, -1.0]), np.array([0.4, 0.1])
    bowl, random = landscapes.quadratic(np.diag(curvatures)), np.random.default_rng(5)

    class Inexact:
        dimension, loss = 2, staticmethod(bowl.loss)

        def gradient(self, theta):
            return bowl.gradient(theta) + bias + 0.5 * random.standard_normal(theta.shape)

    runs = descend(optimizers.sgd, Inexact(), np.tile(start, (20_000, 1)), 12, learning_rate=0.15)
    means, variances = theory_8_2b.inexact_moments(curvatures, start, 0.15, 0.5, bias, 12)
    for step in (1, 4, 12):
        assert_allclose(runs.theta[step].mean(axis=0), means[step], atol=4 * np.sqrt(variances[step].max() / 20_000))
        assert_allclose(runs.theta[step].var(axis=0), variances[step], rtol=0.05)


def test_stationary_variance_is_infinite_at_the_stability_limit():
    assert_allclose(theory_8_2b.stationary_variance([1.0, 19.9, 20.0, 30.0], 0.1, 1.0)[2:], np.inf)
    assert theory_8_2b.stationary_variance(1.0, 0.1, 1.0) == pytest.approx(0.1 / 1.9)


@pytest.mark.parametrize(("start", "tilt"), [(-5.0, 0.8), (-8.0, 0.3), (6.0, 0.8)])
def test_tail_distance_against_the_differential_equation(start, tilt):
    land = landscapes.mountain(tilt=tilt)
    flow = integrate.solve_ivp(lambda _, x: -0.5 * land.gradient(x), (0, 4000), [start], rtol=1e-9)
    assert_allclose(theory_8_2b.tail_distance(start, 0.5, tilt, 4000), abs(flow.y[0, -1]), rtol=0.04)


def test_random_walk_shares_are_those_of_the_centred_covariance():
    times = np.arange(31)
    centre = np.eye(31) - 1 / 31
    values = np.linalg.eigvalsh(centre @ np.minimum(times[:, None], times) @ centre)[::-1]
    assert_allclose(theory_8_2b.random_walk_shares(30, 30), values[:30] / values.sum(), rtol=1e-10)
    assert_allclose(theory_8_2b.random_walk_shares(5000, 3), 6 / (np.pi * np.arange(1, 4)) ** 2, rtol=1e-3)


@pytest.mark.parametrize(("points", "values"), [(4, 2), (4, 3), (3, 4), (5, 2)])
def test_best_so_far_by_enumeration(points, values):
    functions = np.array(list(itertools.product(range(values), repeat=points)))
    for k in range(1, points + 1):
        best = functions[:, :k].min(axis=1)
        mean, probabilities = theory_8_2b.best_so_far(values, k)
        assert mean == pytest.approx(best.mean(), rel=1e-12)
        assert_allclose(probabilities, np.bincount(best, minlength=values) / len(best), rtol=1e-12, atol=1e-15)


def test_best_so_far_before_anything_was_asked():
    mean, probabilities = theory_8_2b.best_so_far(3, 0)
    assert mean == 2 and probabilities.tolist() == [0, 0, 1]


def test_chain_excess_is_the_best_that_the_first_coordinates_can_do():
    n = 12
    matrix = (2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)) / 4
    linear = np.eye(n)[0] / 4

    def lowest(k):
        x = np.linalg.solve(matrix[:k, :k], linear[:k]) if k else np.zeros(0)
        return 0.5 * x @ matrix[:k, :k] @ x - linear[:k] @ x

    measured = [lowest(k) - lowest(n) for k in range(n + 1)]
    assert_allclose(theory_8_2b.chain_excess(np.arange(n + 1.0), n), measured, atol=1e-14)
    assert theory_8_2b.chain_excess(30, n) == 0


@pytest.mark.parametrize("call", [
    lambda: theory_8_2b.layer_growth(0), lambda: theory_8_2b.layer_growth(4, gain=0),
    lambda: theory_8_2b.stationary_variance(0.0, 0.1, 1), lambda: theory_8_2b.random_walk_shares(5, 6),
    lambda: theory_8_2b.best_so_far(0, 1), lambda: theory_8_2b.chain_excess(-1, 3),
    lambda: theory_8_2b.inexact_moments([1.0, 2.0], [1.0], 0.1, 1, [0, 0], 3),
])  # fmt: skip
def test_nonsense_is_refused(call):
    with pytest.raises(ValueError, match="must be"):
        call()
