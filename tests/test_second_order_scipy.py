"""The second-order methods against SciPy's `minimize` on classical problems: the same minima, as many evaluations."""

import types

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import check_grad, minimize

from helpers import landscapes
from helpers.descent import descend
from helpers.second_order import bfgs, conjugate_gradient, lbfgs, newton

GTOL = 1e-6


def powells_singular_function():
    """(a + 10b)² + 5(c − d)² + (b − 2c)⁴ + 10(a − d)⁴: the Hessian at the minimum 0 is singular (Powell 1962)."""

    def loss(t):
        a, b, c, d = np.moveaxis(t, -1, 0)
        return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4

    def gradient(t):
        a, b, c, d = np.moveaxis(t, -1, 0)
        p, q, r, s = a + 10 * b, c - d, b - 2 * c, a - d
        parts = 2 * p + 40 * s**3, 20 * p + 4 * r**3, 10 * q - 8 * r**3, -10 * q - 40 * s**3
        return np.stack(parts, axis=-1)

    return types.SimpleNamespace(name="Powell", dimension=4, loss=loss, gradient=gradient)


ROSENBROCK, HIMMELBLAU = landscapes.rosenbrock(), landscapes.himmelblau()
PROBLEMS = {
    "Rosenbrock": (ROSENBROCK, (-1.2, 1.0)),
    "Rosenbrock from the other side": (ROSENBROCK, (2.0, 2.0)),
    "Rosenbrock in 10 dimensions": (landscapes.rosenbrock(10), np.full(10, 0.5)),
    "Himmelblau from the middle": (HIMMELBLAU, (0.0, 0.0)),
    "Himmelblau from the left": (HIMMELBLAU, (-1.0, 3.0)),
    "Beale": (landscapes.beale(), (1.0, 1.0)),
    "Powell": (powells_singular_function(), (3.0, -1.0, 0.0, 1.0)),
    "plateau": (landscapes.plateau(), (-1.5, 0.8)),
}
# SciPy's solver, its options, the largest ratio of our evaluations to SciPy's that passes. Conjugate gradients depend
# most on the details of the line search: with SciPy's c₂ = 0.4 or ours of 0.1 one or the other needs fewer.
SOLVERS = {
    "CG": (conjugate_gradient, {"gtol": GTOL}, 1.5),
    "BFGS": (bfgs, {"gtol": GTOL}, 1.25),
    "L-BFGS-B": (lbfgs, {"gtol": GTOL, "ftol": 0, "maxcor": 10}, 1.25),
}


def first_arrival(run, landscape):
    """The first step at whose end every component of the gradient is below GTOL, as SciPy's solvers ask."""
    arrived = np.abs(landscape.gradient(run.theta)).max(axis=-1) < GTOL
    assert arrived.any()
    return int(arrived.argmax())


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_same_minimum_for_as_many_evaluations(solver, problem):
    method, options, ratio = SOLVERS[solver]
    landscape, start = PROBLEMS[problem]
    theirs = minimize(landscape.loss, start, jac=landscape.gradient, method=solver, options=options)
    assert theirs.success
    run = descend(method, landscape, start, 400)
    k = first_arrival(run, landscape)
    # Where the Hessian is singular a gradient of 1e-6 leaves a distance of about its third root.
    assert_allclose(run.theta[k], theirs.x, atol=1e-2 if problem == "Powell" else 1e-5)
    assert run.evaluations[k] <= ratio * theirs.nfev + 3


# The damping that makes the Hessian positive definite at the start; with 0 the counts can be compared.
NEWTON = {"Rosenbrock": 0.0, "Rosenbrock from the other side": 0.0, "Beale": 10.0, "Himmelblau from the left": 30.0}


@pytest.mark.parametrize("problem", NEWTON)
def test_newton_with_a_line_search_reaches_the_minimum_of_newton_cg(problem):
    landscape, start = PROBLEMS[problem]
    theirs = minimize(landscape.loss, start, jac=landscape.gradient, hess=landscape.hessian, method="Newton-CG",
                      options={"xtol": 1e-10})  # fmt: skip
    run = descend(newton, landscape, start, 200, line_search="wolfe", damping=NEWTON[problem])
    k = first_arrival(run, landscape)
    assert_allclose(run.theta[k], theirs.x, atol=1e-4)
    assert NEWTON[problem] > 0 or run.evaluations[k] <= theirs.nfev + theirs.njev


def test_the_gradient_of_powells_function():
    powell = PROBLEMS["Powell"][0]
    assert check_grad(powell.loss, powell.gradient, np.array([3.0, -1.0, 0.5, 1.0])) < 1e-4


def test_exact_line_search_along_a_network_is_scipys_minimum():
    from scipy.optimize import minimize_scalar

    from helpers.line_search import exact
    from helpers.networks import MLP

    rng = np.random.default_rng(0)
    net, inputs, labels = MLP((5, 4, 3)), rng.normal(size=(40, 5)), rng.integers(0, 3, 40)
    cost = types.SimpleNamespace(
        loss=lambda t: net.loss(t, inputs, labels), gradient=lambda t: net.gradient(t, inputs, labels),
    )  # fmt: skip
    theta = net.initial(0)
    g = cost.gradient(theta)
    step = exact(cost, theta, -g)
    theirs = minimize_scalar(lambda a: float(cost.loss(theta - a * g)), bracket=(0.0, float(step.step_size)), tol=1e-12)
    assert_allclose(step.step_size, theirs.x, rtol=1e-5)
