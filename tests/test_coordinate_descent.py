"""Coordinate descent, the lasso's methods and sparse coding: against SciPy, optimality conditions and closed forms."""

from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from helpers.coordinate_descent import (
    coordinate_descent,
    duality_gap,
    penalized_cost,
    proximal_gradient,
    soft_threshold,
    sparse_coding,
    sweep_factor,
)


def lasso_problem(seed=0, rows=12, columns=8):
    random = np.random.default_rng(seed)
    design = random.normal(size=(rows, columns))
    target = random.normal(size=rows)
    return design, target, design.T @ design, design.T @ target


def after(states, count):
    return next(islice(states, count - 1, None))


def lasso_by_scipy(design, target, l1):
    """The minimum by a bound-constrained quasi-Newton method on θ = p − q, p, q >= 0: smooth, and not ours."""
    n = design.shape[1]

    def cost(pq):
        residual = design @ (pq[:n] - pq[n:]) - target
        slope = design.T @ residual
        return 0.5 * residual @ residual + l1 * pq.sum(), np.concatenate([slope, -slope]) + l1

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10000}
    found = minimize(cost, np.zeros(2 * n), jac=True, method="L-BFGS-B", bounds=[(0, None)] * (2 * n), options=options)
    return found.x[:n] - found.x[n:], found.fun


def test_soft_threshold_is_the_minimizer():
    grid = np.linspace(-5, 5, 100001)
    for v in (-3.0, -0.4, 0.0, 0.7, 2.0):
        best = grid[np.argmin(0.5 * (grid - v) ** 2 + 0.7 * np.abs(grid))]
        assert_allclose(soft_threshold(v, 0.7), best, atol=1e-4)
    assert_array_equal(soft_threshold(np.array([-2.0, 0.5, 3.0]), np.array([1.0, 1.0, 0.0])), [-1, 0, 3])


@pytest.mark.parametrize("a", [1.0, 0.1, 0.01])
def test_the_book_s_bowl(a):
    hessian = np.array([[2 + 2 * a, -2.0], [-2.0, 2 + 2 * a]])
    steps = coordinate_descent(hessian, np.zeros(2), [1.0, 0.7])
    walk = np.array([state.theta for state in islice(steps, 6)])
    assert_allclose(walk[0], [0.7 / (1 + a), 0.7])
    assert_allclose(walk[1], [0.7 / (1 + a), 0.7 / (1 + a) ** 2])
    assert_allclose(walk[5], walk[1] / (1 + a) ** 4)
    assert_allclose(sweep_factor(hessian), 1 / (1 + a) ** 2)


def test_sweep_factor_is_what_a_sweep_does():
    random = np.random.default_rng(1)
    root = random.normal(size=(5, 5))
    hessian = root @ root.T + np.eye(5)
    walk = [state.theta for state in islice(coordinate_descent(hessian, np.zeros(5), random.normal(size=5)), 300)]
    late = [np.linalg.norm(walk[5 * k]) for k in (40, 50)]
    assert_allclose((late[1] / late[0]) ** 0.1, sweep_factor(hessian), rtol=1e-4)
    assert sweep_factor(np.diag([1.0, 100.0])) == 0


def test_every_coordinate_is_minimized_exactly():
    _, _, matrix, linear = lasso_problem()
    for l1 in (0.0, 0.8):
        theta = np.random.default_rng(2).normal(size=8)
        for state in islice(coordinate_descent(matrix, linear, theta, l1=l1), 8):
            i = state.block[0]
            cost = penalized_cost(matrix, linear, state.theta, l1)
            for step in (-1e-3, 1e-3):
                assert penalized_cost(matrix, linear, state.theta + step * np.eye(8)[i], l1) > cost


@pytest.mark.parametrize("l1", [0.1, 1.0, 3.0])
def test_lasso_against_scipy(l1):
    design, target, matrix, linear = lasso_problem()
    expected, least = lasso_by_scipy(design, target, l1)
    start = np.zeros(8)
    found = {
        "coordinate": after(coordinate_descent(matrix, linear, start, l1=l1), 8 * 400).theta,
        "ista": after(proximal_gradient(matrix, linear, start, l1=l1), 4000).theta,
        "fista": after(proximal_gradient(matrix, linear, start, l1=l1, accelerated=True), 4000).theta,
    }
    for theta in found.values():
        assert_allclose(theta, expected, atol=2e-5)
        cost = penalized_cost(matrix, linear, theta, l1) + 0.5 * target @ target
        assert_allclose(cost, least, rtol=1e-8)
        assert -1e-12 < duality_gap(design, target, theta, l1) < 1e-6
    correlation = design.T @ (target - design @ found["coordinate"])
    used = found["coordinate"] != 0
    assert_allclose(correlation[used], l1 * np.sign(found["coordinate"][used]), rtol=1e-9)
    assert np.all(np.abs(correlation[~used]) <= l1 + 1e-9)


def test_duality_gap_bounds_the_excess():
    design, target, matrix, linear = lasso_problem(seed=5)
    _, least = lasso_by_scipy(design, target, 0.7)
    theta = np.random.default_rng(6).normal(size=(200, 8))
    excess = penalized_cost(matrix, linear, theta, 0.7) + 0.5 * target @ target - least
    gap = duality_gap(design, target, theta, 0.7)
    assert gap.shape == (200,) and np.all(gap >= excess - 1e-9)
    largest = np.abs(linear).max()
    assert_allclose(duality_gap(design, target, np.zeros(8), largest), 0, atol=1e-12)


def test_blocks_solve_their_equations():
    _, _, matrix, linear = lasso_problem()
    blocks = [[0, 3, 5], [1, 2], [4, 6, 7]]
    for state in islice(coordinate_descent(matrix, linear, np.zeros(8), blocks=blocks), 3):
        assert_allclose((matrix @ state.theta - linear)[state.block], 0, atol=1e-11)
    done = after(coordinate_descent(matrix, linear, np.zeros(8), blocks=[list(range(8))]), 1)
    assert_allclose(done.theta, np.linalg.solve(matrix, linear), rtol=1e-9)


@pytest.mark.parametrize("l1", [0.0, 0.5])
def test_many_problems_at_once_are_one_by_one(l1):
    _, _, matrix, _ = lasso_problem()
    linear = np.random.default_rng(7).normal(size=(3, 2, 8))
    together = after(coordinate_descent(matrix, linear, np.zeros(8), l1=l1), 24).theta
    moved = after(proximal_gradient(matrix, linear, np.zeros(8), l1=l1, accelerated=True), 9).theta
    for index in np.ndindex(3, 2):
        alone = after(coordinate_descent(matrix, linear[index], np.zeros(8), l1=l1), 24).theta
        assert_allclose(together[index], alone, rtol=1e-11, atol=1e-13)
        alone = after(proximal_gradient(matrix, linear[index], np.zeros(8), l1=l1, accelerated=True), 9).theta
        assert_allclose(moved[index], alone, rtol=1e-11, atol=1e-13)


def test_ista_without_penalty_is_gradient_descent():
    _, _, matrix, linear = lasso_problem()
    theta = np.ones(8)
    for state in islice(proximal_gradient(matrix, linear, theta, learning_rate=0.02), 5):
        theta = theta - 0.02 * (matrix @ theta - linear)
        assert_allclose(state.theta, theta, rtol=1e-12)


def test_nothing_that_is_given_or_was_yielded_is_changed():
    _, _, matrix, linear = lasso_problem()
    start = np.ones(8)
    states = list(islice(coordinate_descent(matrix, linear, start, l1=0.3), 16))
    assert_array_equal(start, 1)
    assert len({tuple(state.theta) for state in states}) > 8


# ---- Sparse coding ----


def coding_problem():
    random = np.random.default_rng(8)
    inputs = random.normal(size=(40, 4)) @ random.normal(size=(4, 9))
    return inputs, random.normal(size=(6, 9))


def test_sparse_coding_never_rises_and_keeps_its_atoms_short():
    inputs, start = coding_problem()
    states = list(islice(sparse_coding(inputs, start, l1=0.3), 60))
    assert [state.block for state in states[:4]] == ["codes", "dictionary"] * 2
    costs = np.array([state.cost for state in states])
    assert np.all(np.diff(costs) < 1e-10) and costs[-1] < 0.7 * costs[0]
    assert all(np.linalg.norm(state.dictionary, axis=1).max() < 1 + 1e-12 for state in states)
    last = states[-1]
    residual = inputs - last.codes @ last.dictionary
    assert_allclose(last.cost, (0.5 * np.sum(residual**2) + 0.3 * np.abs(last.codes).sum()) / 40, rtol=1e-12)


def test_each_half_reaches_the_optimum_of_its_block():
    inputs, start = coding_problem()
    codes, words = list(islice(sparse_coding(inputs, start, l1=0.3, num_sweeps=300), 2))
    for row, code in zip(inputs[:5], codes.codes, strict=False):
        assert_allclose(duality_gap(codes.dictionary.T, row, code, 0.3), 0, atol=1e-8)
    # The dictionary: a projected gradient step, which any constrained minimum withstands, moves nothing.
    gradient = words.codes.T @ (words.codes @ words.dictionary - inputs)
    moved = words.dictionary - 1e-3 * gradient
    moved /= np.maximum(1, np.linalg.norm(moved, axis=1, keepdims=True))
    used = np.abs(words.codes).sum(axis=0) > 0
    assert_allclose(moved[used], words.dictionary[used], atol=1e-8)


def test_an_atom_without_a_use_stays():
    inputs, start = coding_problem()
    states = list(islice(sparse_coding(inputs, start, l1=1e6), 4))
    expected = start / np.maximum(1, np.linalg.norm(start, axis=1, keepdims=True))
    assert not states[-1].codes.any()
    assert_allclose(states[-1].dictionary, expected, rtol=1e-14)


# ---- Bad input ----

GOOD = np.array([[2.0, 1.0], [1.0, 2.0]])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("threshold", lambda: soft_threshold(1.0, -1)),
        ("matrix", lambda: coordinate_descent([[1.0, 2.0]], [1.0, 1.0], [0.0, 0.0])),
        ("matrix", lambda: coordinate_descent([[1.0, 2.0], [0.0, 1.0]], [1.0, 1.0], [0.0, 0.0])),
        ("matrix", lambda: coordinate_descent(np.diag([1.0, 0.0]), [1.0, 1.0], [0.0, 0.0])),
        ("matrix", lambda: coordinate_descent([[1.0, 2.0], [2.0, 1.0]], [1, 1], [0, 0], blocks=[[0, 1]])),
        ("linear", lambda: coordinate_descent(GOOD, [1.0], [0.0, 0.0])),
        ("theta", lambda: coordinate_descent(GOOD, [1.0, 1.0], [np.nan, 0.0])),
        ("theta", lambda: coordinate_descent(GOOD, np.ones((2, 2)), np.zeros((3, 2)))),
        ("l1", lambda: coordinate_descent(GOOD, [1.0, 1.0], [0.0, 0.0], l1=-1)),
        ("blocks", lambda: coordinate_descent(GOOD, [1.0, 1.0], [0.0, 0.0], blocks=[[0, 2]])),
        ("blocks", lambda: coordinate_descent(GOOD, [1.0, 1.0], [0.0, 0.0], blocks=[[0, 0]])),
        ("blocks", lambda: coordinate_descent(GOOD, [1.0, 1.0], [0.0, 0.0], blocks=[])),
        ("blocks", lambda: coordinate_descent(GOOD, [1.0, 1.0], [0.0, 0.0], l1=0.1, blocks=[[0, 1]])),
        ("learning_rate", lambda: proximal_gradient(GOOD, [1.0, 1.0], [0.0, 0.0], learning_rate=-1)),
        ("target", lambda: duality_gap(GOOD, [1.0], [0.0, 0.0], 1.0)),
        ("l1", lambda: duality_gap(GOOD, [1.0, 1.0], [0.0, 0.0], 0.0)),
        ("hessian", lambda: sweep_factor(np.diag([1.0, -1.0]))),
        ("dictionary", lambda: sparse_coding(np.ones((3, 4)), np.ones((2, 3)), l1=1)),
        ("dictionary", lambda: sparse_coding(np.ones((3, 4)), np.zeros((2, 4)), l1=1)),
        ("l1", lambda: sparse_coding(np.ones((3, 4)), np.ones((2, 4)), l1=0)),
        ("num_sweeps", lambda: sparse_coding(np.ones((3, 4)), np.ones((2, 4)), l1=1, num_sweeps=0)),
    ],
)
def test_bad_input_is_refused_by_name_at_the_call(name, call):
    with pytest.raises(ValueError, match=rf"^{name}"):
        call()
