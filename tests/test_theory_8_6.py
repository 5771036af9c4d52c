"""The closed forms of lesson 8.6 against direct computation and SciPy."""

import numpy as np
import pytest
from numpy.polynomial import Chebyshev
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar, root

from helpers import landscapes
from helpers import theory_8_6 as theory
from helpers.descent import descend
from helpers.second_order import conjugate_gradient, newton


@pytest.mark.parametrize("damping", [0.0, 0.4, 1.0, 3.0])
def test_the_factor_of_damped_newton_is_what_a_step_does(damping):
    curvatures = np.array([5.0, 0.5, -0.3, -2.0])
    land = landscapes.quadratic(np.diag(curvatures))
    run = descend(newton, land, np.ones(4), 1, damping=damping)
    assert_allclose(run.theta[1], theory.damped_newton_factor(curvatures, damping), atol=1e-14)


def test_a_critical_point_attracts_where_iterating_stays_near():
    land = landscapes.himmelblau()
    h = land.hessian(theory.HIMMELBLAU_CRITICAL)
    eigenvalues = np.linalg.eigvalsh(h)
    for damping in (0.0, 5.0, 15.0, 25.0, 40.0):
        near = theory.HIMMELBLAU_CRITICAL + 1e-4
        run = descend(newton, land, near, 400, damping=damping)
        stayed = np.linalg.norm(run.theta[-1] - theory.HIMMELBLAU_CRITICAL, axis=1) < 1e-2
        assert np.array_equal(stayed, theory.attracts(eigenvalues, damping))


def test_the_critical_points_of_himmelblau():
    land = landscapes.himmelblau()
    for point in theory.HIMMELBLAU_CRITICAL:
        found = root(land.gradient, point, jac=land.hessian)
        assert found.success and np.abs(found.x - point).max() < 1e-6
    signs = np.sum(np.linalg.eigvalsh(land.hessian(theory.HIMMELBLAU_CRITICAL)) > 0, axis=1)
    assert signs.tolist() == [2] * 4 + [1] * 4 + [0]


def test_the_factor_of_an_exact_steepest_descent_step():
    rng = np.random.default_rng(0)
    for n in (2, 5):
        eigenvalues, start = rng.uniform(0.5, 20, n), rng.normal(size=n)
        g = eigenvalues * start

        def cost(a, eigenvalues=eigenvalues, start=start, g=g):
            return 0.5 * np.sum(eigenvalues * (start - a * g) ** 2)

        best = minimize_scalar(cost, bracket=(0, 1 / eigenvalues.max()), tol=1e-14).fun
        assert_allclose(theory.steepest_descent_factor(eigenvalues, start), best / cost(0.0), rtol=1e-6)


def test_no_start_is_worse_than_the_worst():
    angles = np.linspace(0.01, np.pi / 2, 20_000)
    for condition in (1.0, 3.0, 50.0):
        starts = np.stack([np.cos(angles), np.sin(angles) / condition], axis=-1)
        factors = theory.steepest_descent_factor([1.0, condition], starts)
        worst = theory.worst_steepest_descent_factor(condition)
        assert factors.max() <= worst + 1e-12 and factors.max() > worst - 1e-4
        at = theory.steepest_descent_factor([1.0, condition], [condition, 1.0])
        assert_allclose(at, worst, atol=1e-13)


def test_chebyshevs_bound():
    for condition in (1.5, 10.0, 400.0):
        for k in (1, 2, 7):
            value = Chebyshev.basis(k)((condition + 1) / (condition - 1))
            assert_allclose(theory.chebyshev_bound(condition, k), value**-2, rtol=1e-9)
    assert theory.chebyshev_bound(1.0, [0, 1]).tolist() == [1.0, 0.0]


def test_the_residual_polynomial_is_what_became_of_each_eigenvector():
    eigenvalues = np.array([1.0, 2.0, 5.0, 9.0, 30.0])
    land = landscapes.quadratic(np.diag(eigenvalues))
    start = np.array([1.0, -2.0, 0.5, 1.5, 1.0])
    run = descend(conjugate_gradient, land, start, 5, line_search="quadratic")
    polynomials = theory.residual_polynomial(run.step_size[1:], run.beta[1:], eigenvalues)
    assert_allclose(polynomials, run.theta / start, atol=1e-9)
    assert_allclose(theory.residual_polynomial(run.step_size[1:], run.beta[1:], [0.0]), 1)


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_multiplications_of_elimination_counted_one_by_one(n):
    counted = 0
    for k in range(n):
        for _ in range(k + 1, n):
            counted += 1 + (n - k - 1) + 1  # the factor, the rest of the row, the right side
    for k in reversed(range(n)):
        counted += (n - k - 1) + 1  # back substitution: the known ones, the division
    assert theory.elimination_multiplications(n) == counted


def test_wolfe_steps_counts_what_is_fulfilled():
    # φ = 1, 0.5, 0.49: the first step is good, the second falls too little, the third was not made.
    arguments = ([1.0, 0.5, 0.4999, 0.4999], [1.0, 1.0, 0.0], [-1.0, -1.0, -1.0], [0.2, 0.0, -1.0])
    assert theory.wolfe_steps(*arguments, 0.01, 0.5) == (1, 2)
    assert theory.wolfe_steps(*arguments, 1e-5, 0.5) == (2, 2)
    assert theory.wolfe_steps(*arguments, 1e-5, 0.1) == (1, 2)


def test_the_tail_factor():
    assert_allclose(theory.tail_factor(0.3 ** np.arange(40)), 0.3, rtol=1e-9)
    assert np.isnan(theory.tail_factor([1.0, 0.5, 1e-16]))
    mixed = np.r_[5.0, 2.0, 0.1 * 0.5 ** np.arange(20), 1e-16, 1e-16]
    assert_allclose(theory.tail_factor(mixed), 0.5, rtol=1e-9)
