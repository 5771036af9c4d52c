"""The second-order methods against theory, hand computation and their own contract."""

import inspect
import types
import warnings
from itertools import islice

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from helpers import landscapes
from helpers.descent import descend
from helpers.landscapes import quadratic, rosenbrock
from helpers.newton_methods import model_change
from helpers.quasi_newton import inverse_update, two_loop
from helpers.second_order import (
    METHODS,
    bfgs,
    conjugate_gradient,
    lbfgs,
    newton,
    saddle_free_newton,
    steepest_descent,
)

EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
SEARCHING = [steepest_descent, conjugate_gradient, bfgs, lbfgs]
EXACT = pytest.mark.parametrize("line_search", ["quadratic", "exact"])
ROSENBROCK = rosenbrock()


def bowl(n, condition, seed=0):
    """A quadratic with eigenvalues from 1 to `condition` in random directions, and a random start."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(n, n)))[0]
    matrix = (axes * np.geomspace(1, condition, n)) @ axes.T
    return matrix, quadratic(matrix), rng.normal(size=n)


# ---- Newton ----


def test_newton_needs_one_step_on_a_quadratic():
    matrix, land, start = bowl(6, 100)
    run = descend(newton, land, start, 2)
    assert_allclose(run.theta[1], 0, atol=1e-13)
    assert_allclose(run.direction[1], -start, atol=1e-13)
    assert_array_equal(run.hessian[1], land.hessian(start))


def test_newton_on_rosenbrock_goes_uphill_and_is_there_after_six_steps():
    run = descend(newton, ROSENBROCK, (-1.2, 1.0), 6)
    assert round(float(run.loss[2]), 1) == 1411.8  # 1,412, uphill from 4.7
    assert run.loss[5] > 1e-12 > run.loss[6]
    # A full Newton step leaves y − x² = −(step in x)² exactly: the first residual is linear in y.
    theta = run.theta[:4]
    assert_allclose(theta[1:, 1] - theta[1:, 0] ** 2, -np.diff(theta[:, 0]) ** 2, atol=1e-13)


@pytest.mark.parametrize("damping", [0.0, 0.3, 3.0, 1e3])
def test_damped_newton_by_hand(damping):
    state = next(newton(ROSENBROCK, [0.5, -0.3], damping=damping, learning_rate=0.7))
    h = np.array([[1200 * 0.25 + 400 * 0.3 + 2, -200], [-200, 200]]) + damping * np.eye(2)
    g = np.array([-200 * (-0.3 - 0.25) - 1, 200 * (-0.3 - 0.25)])
    determinant = h[0, 0] * h[1, 1] - h[0, 1] ** 2
    step = -np.array([h[1, 1] * g[0] - h[0, 1] * g[1], h[0, 0] * g[1] - h[0, 1] * g[0]]) / determinant
    assert_allclose(state.direction, step, rtol=1e-12)
    assert_allclose(state.theta, [0.5, -0.3] + 0.7 * step, rtol=1e-12)


@pytest.mark.parametrize("damping", [0.0, 0.5, 1.0, 1.5, 2.5, 6.0])
def test_damped_newton_at_a_saddle_multiplies_by_what_theory_says(damping):
    run = descend(newton, landscapes.saddle(), (-1.5, 0.1), 8, damping=damping)
    k = np.arange(9)
    assert_allclose(run.theta[:, 0], -1.5 * (damping / (damping + 2)) ** k, atol=1e-14)
    assert_allclose(run.theta[:, 1], 0.1 * (damping / (damping - 2)) ** k, rtol=1e-12, atol=1e-14)


def test_a_singular_hessian_is_the_end_and_only_of_that_run():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = descend(newton, landscapes.saddle(), (-1.5, 0.1), 5, damping=[1.0, 2.0, 3.0])
    assert_array_equal(run.diverged_at, [-1, 1, -1])
    assert np.all(np.isfinite(run.theta[:, [0, 2]]))


def test_newton_stays_where_gradient_and_hessian_are_zero():
    run = descend(newton, landscapes.monkey_saddle(), [[0.0, 0.0], [0.5, 0.1]], 5)
    assert_array_equal(run.theta[:, 0], 0)
    assert not run.diverged.any()


def test_newton_with_a_line_search_never_goes_uphill():
    for search in ("backtracking", "wolfe"):
        run = descend(newton, ROSENBROCK, (-1.2, 1.0), 40, line_search=search)
        assert np.all(np.diff(run.loss) <= 1e-12) and run.loss[-1] < 1e-12
        # At a maximum's side Newton's direction leads uphill: it is not taken.
        hill = descend(newton, landscapes.himmelblau(), (-0.3, -0.8), 3, line_search=search)
        assert_array_equal(hill.theta[-1], hill.theta[0])


def test_saddle_free_newton_leaves_the_saddle_and_agrees_with_newton_in_a_bowl():
    run = descend(saddle_free_newton, landscapes.saddle(), (-1.5, 1e-3), 6)
    assert_allclose(run.theta[1:, 0], 0, atol=1e-14)
    assert_allclose(run.theta[:, 1], 1e-3 * 2.0 ** np.arange(7), rtol=1e-12)  # y + 2y/|−2|
    assert_allclose(run.eigenvalues[1:], [[-2, 2]] * 6)
    _, land, start = bowl(5, 50)
    both = [descend(m, land, start, 3, damping=0.7).theta for m in (newton, saddle_free_newton)]
    assert_allclose(both[0], both[1], atol=1e-13)


def test_model_change_is_the_taylor_series():
    matrix, land, start = bowl(4, 10)
    step = np.arange(4.0)
    assert_allclose(model_change(land.gradient(start), matrix, step), land.loss(start + step) - land.loss(start))


# ---- Steepest descent ----


@EXACT
@pytest.mark.parametrize("condition", [2.0, 10.0, 100.0, 1000.0])
def test_steepest_descent_from_its_worst_start_contracts_by_kantorovichs_bound(condition, line_search):
    land = quadratic(np.diag([1.0, condition]))
    run = descend(steepest_descent, land, (condition, 1.0), 20, line_search=line_search)
    assert_allclose(run.loss[1:] / run.loss[:-1], ((condition - 1) / (condition + 1)) ** 2, rtol=1e-6)


@EXACT
def test_successive_gradients_are_orthogonal(line_search):
    _, land, start = bowl(6, 30)
    run = descend(steepest_descent, land, start, 15, line_search=line_search)
    unit = run.gradient[1:] / np.linalg.norm(run.gradient[1:], axis=1)[:, None]
    assert_allclose(np.sum(unit[1:] * unit[:-1], axis=1), 0, atol=1e-8)
    assert np.all(run.loss[1:] <= run.loss[:-1] * (29 / 31) ** 2 * (1 + 1e-9))


# ---- Conjugate gradients ----


@EXACT
@pytest.mark.parametrize("beta", ["fletcher_reeves", "polak_ribiere", "polak_ribiere+"])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_conjugate_gradients_need_n_steps_on_a_quadratic(n, beta, line_search):
    matrix, land, start = bowl(n, 20)
    run = descend(conjugate_gradient, land, start, n, beta=beta, line_search=line_search)
    assert_allclose(run.theta[-1], 0, atol=1e-8)
    assert n == 1 or np.linalg.norm(run.theta[-2]) > 1e-4  # and not fewer
    d = run.direction[1:]
    conjugacy = d @ matrix @ d.T
    lengths = np.sqrt(np.diag(conjugacy))
    assert_allclose(conjugacy / np.outer(lengths, lengths), np.eye(n), atol=1e-7)
    g = run.gradient[1:] / np.linalg.norm(run.gradient[1:], axis=1)[:, None]
    assert_allclose(g @ g.T, np.eye(n), atol=1e-7)


@pytest.mark.parametrize("distinct", [1, 2, 3])
def test_as_many_steps_as_distinct_eigenvalues(distinct):
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    land = quadratic((axes * np.resize([1.0, 7.0, 30.0][:distinct], 40)) @ axes.T)
    run = descend(conjugate_gradient, land, rng.normal(size=40), distinct, line_search="quadratic")
    assert run.loss[-1] < 1e-20 * run.loss[0] and (distinct == 1 or run.loss[-2] > 1e-4 * run.loss[0])


def test_conjugate_gradients_follow_the_textbooks_linear_algorithm():
    matrix, land, start = bowl(8, 50)
    run = descend(conjugate_gradient, land, start, 8, line_search="quadratic", beta="fletcher_reeves")
    x, r = start.copy(), -matrix @ start  # Hestenes & Stiefel 1952
    p = r
    for k in range(8):
        step = (r @ r) / (p @ matrix @ p)
        x, rest = x + step * p, r - step * (matrix @ p)
        assert_allclose(run.theta[k + 1], x, atol=1e-9)
        assert_allclose(run.step_size[k + 1], step, rtol=1e-5)
        p, r = rest + (rest @ rest) / (r @ r) * p, rest


def test_the_first_beta_and_those_at_restarts_are_zero():
    run = descend(conjugate_gradient, ROSENBROCK, ROSENBROCK.start, 12, restart_every=3)
    assert_array_equal(run.beta[1::3], 0)
    assert_array_equal(run.direction[1::3], -run.gradient[1::3])
    free = descend(conjugate_gradient, landscapes.himmelblau(), (0.5, 0.5), 5)
    assert free.beta[1] == 0 and np.all(free.beta[2:] > 0)


def test_restarting_at_every_step_is_steepest_descent():
    ours = descend(conjugate_gradient, ROSENBROCK, (0.3, 0.2), 10, restart_every=1, line_search="exact")
    plain = descend(steepest_descent, ROSENBROCK, (0.3, 0.2), 10, line_search="exact")
    assert_allclose(ours.theta, plain.theta, rtol=1e-6)


@pytest.mark.parametrize("name", ["fletcher_reeves", "polak_ribiere", "polak_ribiere+"])
def test_beta_is_its_formula(name):
    run = descend(conjugate_gradient, landscapes.himmelblau(), (0.5, 0.5), 5, beta=name)
    g = run.gradient[1:]
    change = g[1:] if name == "fletcher_reeves" else g[1:] - g[:-1]
    formula = np.sum(change * g[1:], axis=1) / np.sum(g[:-1] ** 2, axis=1)
    formula = np.maximum(formula, 0) if name.endswith("+") else formula
    assert_allclose(run.beta[2:], formula, rtol=1e-12)


# ---- BFGS, L-BFGS ----


@EXACT
@pytest.mark.parametrize("n", [2, 4, 6])
def test_bfgs_walks_the_path_of_conjugate_gradients_and_ends_with_the_inverse_hessian(n, line_search):
    matrix, land, start = bowl(n, 10)
    ours = descend(bfgs, land, start, n, line_search=line_search)
    conjugate = descend(conjugate_gradient, land, start, n, line_search=line_search)
    assert_allclose(ours.theta, conjugate.theta, atol=1e-10)
    assert_allclose(ours.inverse_hessian[-1], np.linalg.inv(matrix), atol=1e-10)
    for memory in (1, 3):  # with the exact minimum along every line the memory makes no difference (Nazareth 1979)
        limited = descend(lbfgs, land, start, n, line_search=line_search, memory=memory)
        assert_allclose(limited.theta, conjugate.theta, atol=1e-9)


def test_bfgs_walks_that_path_to_rounding_in_two_dimensions():
    land = quadratic([[3.0, 2.0], [2.0, 3.0]])
    ours = descend(bfgs, land, land.start, 2, line_search="quadratic")
    conjugate = descend(conjugate_gradient, land, land.start, 2, line_search="quadratic")
    assert np.abs(ours.theta - conjugate.theta).max() < 2e-15
    assert np.abs(ours.inverse_hessian[-1] - np.linalg.inv([[3, 2], [2, 3]])).max() < 2e-14


def test_the_update_is_the_textbooks_product_and_solves_the_secant_equation():
    rng = np.random.default_rng(5)
    m = np.eye(4) + 0.1 * np.ones((4, 4))
    s = rng.normal(size=4)
    y = s + 0.3 * rng.normal(size=4)
    assert y @ s > 0
    rho, identity = 1 / (y @ s), np.eye(4)
    book = (identity - rho * np.outer(s, y)) @ m @ (identity - rho * np.outer(y, s)) + rho * np.outer(s, s)
    updated = inverse_update(m, s, y)
    assert_allclose(updated, book, atol=1e-13)
    assert_allclose(updated @ y, s, atol=1e-13)
    assert np.linalg.eigvalsh(updated)[0] > 0
    for useless in (-y, np.zeros(4)):
        assert_array_equal(inverse_update(m, s, useless), m)


def test_the_secant_equation_holds_along_a_run():
    run = descend(bfgs, ROSENBROCK, ROSENBROCK.start, 20)
    step = np.diff(run.theta, axis=0)[:-1]
    change = np.diff(run.gradient[1:], axis=0)
    product = (run.inverse_hessian[1:-1] @ change[..., None])[..., 0]
    assert_allclose(product, step, atol=1e-9)


def test_two_loops_are_the_bfgs_updates_of_the_pairs_kept():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(7, 7))
    h = root @ root.T + np.eye(7)
    steps = rng.normal(size=(4, 7))
    changes = steps @ h
    m = 0.3 * np.eye(7)
    for s, y in zip(steps, changes, strict=True):
        m = inverse_update(m, s, y)
    g = rng.normal(size=7)
    assert_allclose(two_loop(g, steps, changes, 0.3), m @ g, rtol=1e-9)
    empty = np.zeros((2, 7))
    padded = two_loop(g, np.concatenate([empty, steps]), np.concatenate([empty, changes]), 0.3)
    assert_allclose(padded, m @ g, rtol=1e-9)


def test_lbfgs_keeps_the_last_pairs_and_the_scale_of_the_newest():
    run = descend(lbfgs, ROSENBROCK, ROSENBROCK.start, 9, memory=3)
    step = np.diff(run.theta, axis=0)
    end = ROSENBROCK.gradient(run.theta)
    assert_allclose(run.position_changes[-1], step[-3:])
    assert_allclose(run.gradient_changes[-1], np.diff(end, axis=0)[-3:])
    assert_array_equal(run.position_changes[2][0], 0)  # after two steps there are two pairs
    y = run.gradient_changes[-1, -1]
    assert_allclose(run.scale[-1], step[-1] @ y / (y @ y))


# ---- The contract of all ----


@EVERY
def test_an_arrived_run_stays_and_costs_nothing_more(method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for land, minimum in ((quadratic(np.diag([1.0, 5.0])), [0.0, 0.0]), (ROSENBROCK, [1.0, 1.0])):
            run = descend(method, land, minimum, 5)
            assert_array_equal(run.theta, np.tile(minimum, (6, 1)))
            searches = method in SEARCHING
            assert run.evaluations[-1] == (1 if searches else 5)
        if method in (bfgs, lbfgs, conjugate_gradient):  # arrived to rounding only: the gradient is 1e-14, not 0
            run = descend(method, landscapes.himmelblau(), (1.0, 1.0), 80)
            assert np.linalg.norm(run.theta[-1] - (3, 2)) < 1e-12
            assert_array_equal(run.evaluations[-20:], run.evaluations[-1])


@EVERY
def test_runs_on_leading_axes_are_independent(method):
    starts = np.random.default_rng(4).uniform(-1.5, 1.5, (2, 3, 2))
    together = descend(method, ROSENBROCK, starts, 12)
    for index in np.ndindex(2, 3):
        alone = descend(method, ROSENBROCK, starts[index], 12)
        for name in ("theta", *together.variables):
            value, expected = getattr(together, name)[(slice(None), *index)], getattr(alone, name)
            assert value.shape == expected.shape
            assert_allclose(value, expected, rtol=1e-7, atol=1e-9, err_msg=name)


@EVERY
def test_descend_hands_over_the_landscape(method):
    assert method.needs == "landscape"
    run = descend(method, ROSENBROCK, ROSENBROCK.start, 4, record_every=2, keep=["evaluations"])
    states = list(islice(method(ROSENBROCK, ROSENBROCK.start), 4))
    assert_array_equal(run.theta[1:], [states[1].theta, states[3].theta])
    assert list(run.variables) == ["evaluations"]
    assert_array_equal(run.evaluations[1:], [states[1].evaluations, states[3].evaluations])
    with pytest.raises(ValueError, match="max_norm: must be left out"):
        descend(method, ROSENBROCK, ROSENBROCK.start, 4, max_norm=1.0)
    with pytest.raises(ValueError, match="keep: must be one of"):
        descend(method, ROSENBROCK, ROSENBROCK.start, 4, keep=["velocity"])


@pytest.mark.parametrize("method", SEARCHING)
def test_evaluations_are_the_distinct_points_asked_for(method):
    points = set()

    def loss(theta):
        points.add(theta.tobytes())
        return ROSENBROCK.loss(theta)

    def gradient(theta):
        points.add(theta.tobytes())
        return ROSENBROCK.gradient(theta)

    watched = types.SimpleNamespace(dimension=2, loss=loss, gradient=gradient)
    states = list(islice(method(watched, ROSENBROCK.start), 10))
    assert states[-1].evaluations == len(points)


@pytest.mark.parametrize("method", SEARCHING)
def test_loss_and_gradient_in_one_call_give_the_same_run(method):
    def refuse(theta):
        raise AssertionError("asked apart")

    both = types.SimpleNamespace(
        dimension=2, loss=refuse, gradient=refuse,
        loss_and_gradient=lambda t: (ROSENBROCK.loss(t), ROSENBROCK.gradient(t)),
    )  # fmt: skip
    states = list(islice(method(both, [0.5, 1.0]), 6))
    assert_array_equal([s.theta for s in states], descend(method, ROSENBROCK, [0.5, 1.0], 6).theta[1:])


@EVERY
def test_divergence_is_a_result(method):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for land in (landscapes.saddle(), landscapes.monkey_saddle(), landscapes.beale(), landscapes.cliff()):
            for start in (land.start, 1e150 * np.ones(2), np.zeros(2)):
                descend(method, land, start, 30)


def test_downhill_on_a_saddle_without_end():
    for method in SEARCHING:
        assert descend(method, landscapes.saddle(), (-1.5, 0.1), 40).diverged_at > 0


@EVERY
def test_nonsense_is_refused_at_the_call(method):
    for arguments in ({"learning": 1}, {"damping": -1.0}, {"line_search": "golden"}, {"memory": 0}, {"beta": "x"},
                      {"restart_every": 0}, {"curvature": 2.0}, {"sufficient_decrease": 0.95},
                      {"learning_rate": [1.0, 2.0, 3.0]}):  # fmt: skip
        with pytest.raises(ValueError, match="must be"):
            method(ROSENBROCK, [[0.0, 1.0], [1.0, 1.0]], **arguments)
    with pytest.raises(ValueError, match="theta: must be"):
        method(ROSENBROCK, [0.0, np.nan])
    with pytest.raises(ValueError, match="theta: must be"):
        method(ROSENBROCK, [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="landscape: must be"):
        method(ROSENBROCK.gradient, [0.0, 1.0])


def test_newton_refuses_a_landscape_without_a_hessian():
    bare = types.SimpleNamespace(dimension=2, loss=ROSENBROCK.loss, gradient=ROSENBROCK.gradient)
    with pytest.raises(ValueError, match="hessian"):
        next(newton(bare, [0.0, 1.0]))


@EVERY
def test_the_docstring_names_every_argument_and_state(method):
    text = inspect.getdoc(method)
    assert "Rule:" in text and "Source:" in text and "Yields:" in text
    for name in next(method(ROSENBROCK, ROSENBROCK.start))._fields:
        assert name in text
