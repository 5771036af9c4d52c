"""The theory of lesson 8.2 against sampling, direct simulation, SciPy's routines and differences."""

from itertools import permutations

import numpy as np
import pytest
from scipy import integrate
from scipy.optimize import linear_sum_assignment

from helpers import landscapes
from helpers import theory_8_2 as theory
from helpers.alignment import align, linear_assignment, rearrange
from helpers.descent import descend
from helpers.networks import MLP
from helpers.sharpness import TanhRegression, largest_eigenvalue


def test_a_step_goes_uphill_just_above_the_uphill_rate():
    H = np.array([[3.0, 2.0], [2.0, 3.0]])
    theta = np.array([1.0, -0.5])
    rate = theory.uphill_rate(H @ theta, H)
    assert rate == pytest.approx(0.50746, abs=5e-6)

    def cost(point):
        return 0.5 * point @ H @ point

    for factor, up in ((0.999, False), (1.001, True)):
        assert (cost(theta - factor * rate * H @ theta) > cost(theta)) == up
    assert theory.uphill_rate([0.0, 1.0], np.diag([1.0, -1.0])) == np.inf
    with pytest.raises(ValueError, match="gradient"):
        theory.uphill_rate([0.0, 0.0], H)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(("rate", "curvature", "distance"), [(0.1, 1.0, 1e-6), (0.01, 2.0, 1e-3), (0.5, 1.0, 0.3)])
def test_escape_steps_against_the_run_itself(rate, curvature, distance, momentum):
    r, v, k = distance, 0.0, 0
    while r < 1 - 1e-12:
        v = momentum * v + rate * curvature * r
        r, k = r + v, k + 1
    assert theory.escape_steps(rate, curvature, distance, momentum) == k
    assert theory.escape_distance(k, rate, curvature, distance, momentum) == pytest.approx(r, rel=1e-9)


def test_escape_steps_of_the_chapter_map():
    assert theory.escape_steps(0.1, 1.0, 1e-6) == 145
    assert np.log(1e6) / np.log(1.1) == pytest.approx(144.95, abs=0.01)


@pytest.mark.parametrize(("rate", "momentum"), [(0.003, 0.0), (0.001, 0.5)])
def test_monkey_escape_steps_against_the_run_itself(rate, momentum):
    ground = landscapes.monkey_saddle()
    for start in (0.02, 0.1, 0.4):
        run = descend("momentum", ground, [-start, 0.0], 30_000, learning_rate=rate, momentum=momentum)
        measured = np.argmax(~(np.abs(run.theta[:, 0]) < 1))
        assert measured == pytest.approx(theory.monkey_escape_steps(rate, start, momentum), rel=0.03)


@pytest.mark.parametrize("make", [theory.one_unit, theory.two_valleys])
def test_own_landscapes_have_exact_derivatives_and_minima(make):
    ground, h = make(), 1e-6
    points = np.random.default_rng(0).uniform(0.1, 1.5, (20, 2)) * [1, -1 if make is theory.two_valleys else 1]
    for axis in np.eye(2):
        slope = (ground.loss(points + h * axis) - ground.loss(points - h * axis)) / (2 * h)
        np.testing.assert_allclose(ground.gradient(points) @ axis, slope, atol=1e-8)
        bend = (ground.gradient(points + h * axis) - ground.gradient(points - h * axis)) / (2 * h)
        np.testing.assert_allclose(ground.hessian(points) @ axis, bend, atol=1e-8)
    np.testing.assert_allclose(ground.gradient(ground.minima), 0, atol=1e-15)
    assert np.linalg.eigvalsh(ground.hessian(ground.minima)).min() >= -1e-15


def test_the_minima_of_one_unit_lie_on_the_hyperbola_and_a_dead_unit_learns_nothing():
    ground = theory.one_unit()
    for alpha in (0.3, 1.0, 4.0):
        at = np.array([alpha, 1 / alpha])
        assert ground.loss(at) == pytest.approx(0, abs=1e-30)
        assert np.linalg.eigvalsh(ground.hessian(at)) == pytest.approx([0, alpha**2 + alpha**-2], abs=1e-12)
    assert ground.loss(np.array([-0.1, 2.0])) == 0.5
    assert not ground.gradient(np.array([-0.1, 2.0])).any()


def test_positive_definite_probability_against_the_closed_forms():
    expected = [0.5, (2 - np.sqrt(2)) / 4, (np.pi - 2 * np.sqrt(2)) / (4 * np.pi)]
    got = [theory.positive_definite_probability(n) for n in (1, 2, 3)]
    assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_positive_definite_probability_against_sampling(n):
    random = np.random.default_rng(n)
    a = random.standard_normal((400_000, n, n))
    share = np.mean(np.linalg.eigvalsh((a + a.swapaxes(1, 2)) / 2)[:, 0] > 0)
    p = theory.positive_definite_probability(n)
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 400_000)


def test_positive_definite_probability_falls_like_dean_and_majumdar():
    logs = np.log([theory.positive_definite_probability(n) for n in (10, 11, 12)])
    assert np.diff(logs, 2)[0] == pytest.approx(-np.log(3) / 2, rel=0.05)


def test_semicircle_has_area_one_and_its_share_is_the_integral():
    assert integrate.quad(theory.semicircle, -1, 1)[0] == pytest.approx(1, abs=1e-7)
    for shift in (-0.7, 0.0, 0.3, 0.95):
        area = integrate.quad(theory.semicircle, -1, -shift)[0]
        assert theory.negative_share(shift) == pytest.approx(area, abs=1e-7)
    assert theory.negative_share(1.5) == 0
    assert theory.negative_share(-1.5) == 1


def test_clipped_angle_against_the_clipped_vector():
    for gradient, bound in (((3.0, 0.5), 1.0), ((-2.0, 5.0), 0.7), ((0.1, -0.2), 1.0)):
        g = np.array(gradient)
        c = np.clip(g, -bound, bound)
        angle = np.rad2deg(np.arccos(np.clip(g @ c / np.linalg.norm(g) / np.linalg.norm(c), -1, 1)))
        assert theory.clipped_angle(g, bound) == pytest.approx(angle, abs=1e-5)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 40])
def test_linear_assignment_against_scipy_and_enumeration(n):
    random = np.random.default_rng(n)
    for kind in range(6):
        similarity = random.standard_normal((n, n)) if kind < 4 else random.integers(0, 3, (n, n)).astype(float)
        found = linear_assignment(similarity)
        total = similarity[np.arange(n), found].sum()
        assert sorted(found) == list(range(n))
        assert total == pytest.approx(similarity[linear_sum_assignment(-similarity)].sum(), rel=1e-12, abs=1e-12)
        if n <= 6:
            best = max(similarity[np.arange(n), list(p)].sum() for p in permutations(range(n)))
            assert total == pytest.approx(best, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_align_undoes_a_rearrangement_and_the_cost_never_changes(activation):
    net = MLP((5, 7, 3), activation)
    random = np.random.default_rng(0)
    theta = net.initial(1) + 0.1 * random.standard_normal(net.num_parameters)
    inputs, labels = random.standard_normal((20, 5)), random.integers(0, 3, 20)
    signs = random.choice([-1.0, 1.0], 7) if activation == "tanh" else None
    other = rearrange(net, theta, 1, random.permutation(7), signs)
    assert np.linalg.norm(other - theta) > 1
    assert net.loss(other, inputs, labels) == pytest.approx(float(net.loss(theta, inputs, labels)), rel=1e-13)
    back, _ = align(net, theta, other)
    np.testing.assert_allclose(back, theta, rtol=0, atol=1e-15)


def test_rearrange_refuses_what_would_change_the_function():
    net = MLP((2, 3, 3, 2), "relu")
    theta = net.initial(0)
    with pytest.raises(ValueError, match="signs"):
        rearrange(net, theta, 1, [0, 1, 2], [1.0, -1.0, 1.0])
    with pytest.raises(ValueError, match="order"):
        rearrange(net, theta, 2, [0, 0, 2])
    with pytest.raises(ValueError, match="layer"):
        rearrange(net, theta, 3, [0, 1])


def _regression():
    random = np.random.default_rng(3)
    net = TanhRegression(random.standard_normal((12, 4)), random.standard_normal(12), 5)
    return net, net.initial(0) + 0.3 * random.standard_normal(net.dimension)


def test_regression_gradient_and_hessian_product_against_differences():
    net, theta = _regression()
    h = 1e-6
    axes = np.eye(net.dimension)
    difference = np.array([(net.loss(theta + h * e) - net.loss(theta - h * e)) / (2 * h) for e in axes])
    np.testing.assert_allclose(net.gradient(theta), difference, atol=1e-8)
    hessian = np.array([net.hessian_vector_product(theta, e) for e in axes])
    difference = np.array([(net.gradient(theta + h * e) - net.gradient(theta - h * e)) / (2 * h) for e in axes])
    np.testing.assert_allclose(hessian, difference, atol=1e-8)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-14)


def test_lanczos_against_all_eigenvalues():
    net, theta = _regression()
    hessian = np.array([net.hessian_vector_product(theta, e) for e in np.eye(net.dimension)])
    assert net.sharpness(theta, 25) == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-10)
    assert largest_eigenvalue(lambda v: 3 * v, 4) == pytest.approx(3)
    assert np.isnan(largest_eigenvalue(lambda v: v * np.nan, 4))
