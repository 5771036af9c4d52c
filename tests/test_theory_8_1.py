"""What lesson 8.1 calls theory, against independent computations: sampling, descent itself, SciPy, enumeration."""

from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, stats

from helpers import optimizers, theory_8_1
from helpers.descent import descend


def fitted_errors(p, n, sigma, signal, sets, seed):
    """Training error, error with new noise and error at new inputs of least squares, one row per training set."""
    random = np.random.default_rng(seed)
    true = np.full(p, signal / np.sqrt(p))
    rows = []
    for _ in range(sets):
        x = random.normal(size=(n, p))
        noise, other = sigma * random.normal(size=(2, n))
        theta = np.linalg.lstsq(x, x @ true + noise, rcond=None)[0]
        miss = x @ (theta - true)
        fresh = sigma**2 + np.sum((theta - true) ** 2)
        rows.append([np.mean((miss - noise) ** 2), np.mean((miss - other) ** 2), fresh])
    return np.array(rows)


@pytest.mark.parametrize(("p", "n", "sigma", "signal"), [(10, 50, 1.0, 1.0), (3, 30, 0.5, 2.0), (30, 12, 0.7, 1.5)])
def test_least_squares_risks_by_sampling(p, n, sigma, signal):
    errors = fitted_errors(p, n, sigma, signal, sets=4000, seed=1)
    standard = errors.std(axis=0) / np.sqrt(len(errors))
    expected = theory_8_1.least_squares_risks(p, n, sigma, signal)
    np.testing.assert_allclose(errors.mean(axis=0), expected, atol=4 * standard.max(), rtol=0)
    assert np.all(np.abs(errors.mean(axis=0) - expected) <= 4 * standard + 1e-12)


def test_least_squares_risks_that_the_chapter_names():
    assert theory_8_1.least_squares_risks(10, 50, 1.0)[:2] == pytest.approx((0.8, 1.2))
    assert theory_8_1.least_squares_risks(10, 30, 1.0).fresh_inputs == pytest.approx(1.526, abs=5e-4)
    for n in (9, 10, 11):
        assert theory_8_1.least_squares_risks(10, n, 1.0).fresh_inputs == np.inf


class Squares:
    def __init__(self, phi, y):
        self.phi, self.y, self.dimension = phi, y, phi.shape[1]

    def loss(self, theta):
        return np.mean((theta @ self.phi.T - self.y) ** 2, axis=-1)

    def gradient(self, theta):
        return 2 * (theta @ self.phi.T - self.y) @ self.phi / len(self.y)


@pytest.mark.parametrize(("n", "p"), [(20, 6), (6, 20)])
def test_descent_costs_and_filter_against_descent(n, p):
    random = np.random.default_rng(4)
    cost = Squares(random.normal(size=(n, p)), random.normal(size=n))
    hessian = 2 * cost.phi.T @ cost.phi / n
    eigenvalues, axes = np.linalg.eigh(hessian)
    rate = 1.5 / eigenvalues[-1]
    run = descend(optimizers.sgd, cost, np.zeros(p), 60, learning_rate=rate)
    np.testing.assert_allclose(theory_8_1.descent_costs(cost.phi, cost.y, rate, 60), run.loss, rtol=1e-9, atol=1e-13)
    solution = np.linalg.pinv(cost.phi) @ cost.y
    share = theory_8_1.descent_filter(eigenvalues, rate, 60)
    np.testing.assert_allclose(axes @ (share * (axes.T @ solution)), run.theta[-1], atol=1e-10)


def test_ridge_filter_against_the_normal_equations():
    random = np.random.default_rng(5)
    root = random.normal(size=(9, 5))
    hessian, slope = root.T @ root, random.normal(size=5)
    eigenvalues, axes = np.linalg.eigh(hessian)
    ridge = np.linalg.solve(hessian + 0.3 * np.eye(5), slope)
    share = theory_8_1.ridge_filter(eigenvalues, 0.3)
    np.testing.assert_allclose(axes @ (share * (axes.T @ np.linalg.solve(hessian, slope))), ridge, rtol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_largest_margin_against_a_quadratic_program(seed):
    random = np.random.default_rng(seed)
    z = random.normal(size=(15, 2)) + np.array([2.5, 1.0])
    found = theory_8_1.largest_margin(z)
    constraint = {"type": "ineq", "fun": lambda w: z @ w - 1, "jac": lambda w: z}
    solved = optimize.minimize(
        lambda w: w @ w / 2, np.array([5.0, 2.0]), jac=lambda w: w, constraints=[constraint], method="SLSQP"
    )
    if found is None:
        assert not solved.success
    else:
        assert np.all(z @ found >= 1 - 1e-8)
        np.testing.assert_allclose(found, solved.x, rtol=1e-5, atol=1e-6)


def test_largest_margin_of_classes_that_overlap():
    assert theory_8_1.largest_margin([[1.0, 0.0], [-1.0, 0.1], [0.0, -1.0]]) is None
    assert theory_8_1.largest_margin([[0.0, 0.0], [1.0, 0.0]]) is None
    np.testing.assert_allclose(theory_8_1.largest_margin([[2.0, 0.0]]), [0.5, 0.0])


@pytest.mark.parametrize("m", [1, 4, 11, 12])
def test_standard_error_of_all_samples_there_are(m):
    """Without replacement by enumerating every minibatch of a small population, with replacement by its definition."""
    values = np.array([0.3, -1.0, 2.0, 0.1, 0.7, -0.4, 1.5, 0.0, 0.9, -2.0, 0.2, 0.6])
    means = np.array([np.mean(chosen) for chosen in combinations(values, m)])
    expected = np.sqrt(np.mean((means - values.mean()) ** 2))
    assert theory_8_1.standard_error(values.std(), m, 12) == pytest.approx(expected, abs=1e-12)
    assert theory_8_1.standard_error(3.0, m) == pytest.approx(3.0 / m**0.5)


def test_downhill_share_against_scipy():
    for mean, spread in ((0.0, 1.0), (0.3, 0.7), (2.0, 0.5)):
        assert theory_8_1.downhill_share(mean, spread) == pytest.approx(stats.norm.cdf(mean / spread))
    assert theory_8_1.downhill_share(0.1, 0.0) == 1.0


def test_relative_errors_by_sampling():
    eigenvalues, theta = np.array([0.05, 0.4, 1.0]), np.array([0.5, -1.0, 2.0])
    noise = 0.8 / np.sqrt(25) * np.random.default_rng(6).normal(size=(200_000, 3))
    g = eigenvalues * theta
    for expected, error, exact in zip(
        theory_8_1.relative_errors(eigenvalues, theta, 0.8, 25), (noise, noise / eigenvalues), (g, theta), strict=True
    ):
        measured = np.sqrt(np.mean(np.sum(error**2, axis=1))) / np.linalg.norm(exact)
        assert measured == pytest.approx(expected, rel=0.01)


def test_newton_amplifies_by_at_most_the_condition_number():
    random = np.random.default_rng(7)
    for _ in range(50):
        eigenvalues = random.uniform(0.01, 1, 4)
        gradient, newton = theory_8_1.relative_errors(eigenvalues, random.normal(size=4), 1.0, 10)
        assert newton / gradient <= eigenvalues.max() / eigenvalues.min()


def last_ends(values, order, rate, m, runs, epochs, seed):
    """Where SGD stands after the last epoch, minibatch by minibatch as the algorithm is told, for every run."""
    random = np.random.default_rng(seed)
    in_order = np.tile(np.arange(len(values)), (runs, 1))
    once, theta = random.permuted(in_order, axis=1), np.full(runs, values.mean())
    for _ in range(epochs):
        places = {
            "sorted": in_order, "shuffled once": once, "reshuffled": random.permuted(in_order, axis=1),
            "with replacement": random.integers(len(values), size=in_order.shape),
        }[order]  # fmt: skip
        for start in range(0, len(values), m):
            theta = theta + rate * (values[places[:, start : start + m]].mean(axis=1) - theta)
    return theta


@pytest.mark.parametrize("order", theory_8_1.ORDERS)
@pytest.mark.parametrize(("rate", "m"), [(0.3, 2), (0.1, 6)])
def test_order_spread_by_sampling(order, rate, m):
    values = np.sort(np.random.default_rng(8).normal(size=24)) + 3
    ends = last_ends(values, order, rate, m, runs=10_000, epochs=40, seed=9)
    measured = np.sqrt(np.mean((ends - values.mean()) ** 2))
    tolerance = 1e-6 if order == "sorted" else 0.025  # 10,000 runs: a standard error of 0.7 %
    assert measured == pytest.approx(theory_8_1.order_spread(values, order, rate, m), rel=tolerance)


def test_stream_risk_by_sampling():
    random, p, rate, sigma = np.random.default_rng(10), 4, 0.04, 0.7
    true, theta, measured = np.full(p, 0.6), np.zeros((40_000, p)), []
    for _ in range(30):
        measured.append(sigma**2 + np.mean(np.sum((theta - true) ** 2, axis=1)))
        x = random.normal(size=theta.shape)
        y = x @ true + sigma * random.normal(size=len(theta))
        theta = theta - rate * 2 * (np.sum(x * theta, axis=1) - y)[:, None] * x
    exact = theory_8_1.stream_risk(p, sigma, np.linalg.norm(true), rate, 30)
    np.testing.assert_allclose(measured, exact[:30], rtol=0.01)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: theory_8_1.least_squares_risks(0, 5, 1.0), "num_features"),
        (lambda: theory_8_1.least_squares_risks(3, 5, -1.0), "sigma"),
        (lambda: theory_8_1.largest_margin(np.ones((3, 3))), "signed_inputs"),
        (lambda: theory_8_1.standard_error(1.0, 13, 12), "population"),
        (lambda: theory_8_1.order_spread(np.arange(10.0), "backwards", 0.1, 2), "order"),
        (lambda: theory_8_1.order_spread(np.arange(10.0), "sorted", 0.1, 3), "batch_size"),
        (lambda: theory_8_1.ridge_filter([1.0], 0.0), "penalty"),
        (lambda: theory_8_1.descent_costs(np.ones((3, 2)), np.ones(4), 0.1, 5), "targets"),
    ],
)
def test_nonsense_is_refused_by_name(call, name):
    with pytest.raises(ValueError, match=rf"^{name}: must be "):
        call()
