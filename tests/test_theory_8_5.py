"""The theory of lesson 8.5 against sums, recursions, finite differences and the recorded runs of the methods."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import landscapes, optimizers
from helpers import theory_8_5 as theory
from helpers.descent import descend
from helpers.figures import lines_8_5


def test_zeta_half():
    # The functional equation leads from ζ(1/2) to the alternating series Σ (−1)^(n+1)/√n.
    n = np.arange(1, 4_000_001)
    terms = np.where(n % 2, 1.0, -1.0) / np.sqrt(n)
    alternating = terms.sum() - terms[-1] / 2  # half of the last term: the series oscillates around its limit
    assert_allclose(theory.ZETA_HALF, alternating / (1 - np.sqrt(2)), rtol=1e-8)


@pytest.mark.parametrize("num_steps", [10, 100, 1000, 12_345])
def test_adagrad_distance_is_the_sum(num_steps):
    exact = np.sum(1 / np.sqrt(np.arange(1, num_steps + 1)))
    assert abs(theory.adagrad_distance(num_steps) - exact) < 0.05 / num_steps**1.5 + 1e-12
    assert_allclose(theory.adagrad_distance([num_steps, 1.0])[0], theory.adagrad_distance(num_steps))


METHODS = {
    "sgd": {"learning_rate": 0.3},
    "momentum": {"learning_rate": 0.3},
    "nesterov": {"learning_rate": 0.3},
    "adagrad": {"learning_rate": 0.3, "delta": 0.02},
    "rmsprop": {"learning_rate": 0.3, "rho": 0.7, "delta": 0.02},
    "rmsprop_nesterov": {"learning_rate": 0.3, "rho": 0.7, "delta": 0.02},
    "adadelta": {"learning_rate": 0.5, "rho": 0.7, "delta": 0.02},
    "adam": {"learning_rate": 0.3, "beta1": 0.8, "beta2": 0.95, "delta": 0.02},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("correction", [True, False])
def test_first_step_is_that_of_the_method(method, correction):
    extra = {"bias_correction": correction} if method == "adam" else {}
    himmelblau = landscapes.himmelblau()
    start = np.array([[0.3, -2.0], [4.0, 1.0], [3.0, 2.0]])  # at the last one the gradient is 0
    run = descend(method, himmelblau, start, 1, **METHODS[method], **extra)
    expected = theory.first_step(method, himmelblau.gradient(start), **METHODS[method], **extra)
    assert_allclose(run.theta[1] - run.theta[0], expected, rtol=1e-12, atol=1e-15)


def test_first_step_without_delta_at_a_gradient_of_zero():
    for method in ("adagrad", "rmsprop", "adam"):
        assert theory.first_step(method, 0.0, learning_rate=1.0, delta=0.0, rho=0.9) == 0
    with pytest.raises(ValueError, match="method"):
        theory.first_step("newton", 1.0, learning_rate=1.0)


class Slope:
    dimension = 1
    loss = staticmethod(lambda theta: theta[..., 0])
    gradient = staticmethod(np.ones_like)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.0, 0.99), (0.5, 0.2)])
def test_uncorrected_steps_are_those_of_adam(beta1, beta2):
    run = descend(
        "adam", Slope, [0.0], 40, learning_rate=1.0, beta1=beta1, beta2=beta2, delta=0.0, bias_correction=False
    )
    expected = theory.uncorrected_adam_step(np.arange(1, 41), beta1, beta2)
    assert_allclose(-np.diff(run.theta[:, 0]), expected, rtol=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(("height", "length"), [(10.0, 50), (200.0, 3), (1.5, 1), (3.0, 7)])
def test_recovery_by_the_recursion(height, length, rho):
    r = 0.0
    for _ in range(length):
        r = rho * r + (1 - rho) * height**2
    steps = 0
    while r > 4 * (1 + 1e-12):
        r = rho * r + (1 - rho)
        steps += 1
    assert theory.recovery_steps(height, length, rho) == steps


def test_adagrad_never_recovers():
    assert theory.recovery_steps(10.0, 5, 1.0) == np.inf


@pytest.mark.parametrize("period", [2, 3, 10])
@pytest.mark.parametrize("beta2", [0.0, 0.1, 0.5, 0.95])
def test_drift_by_running_adam(period, beta2):
    gradients = iter(np.resize([period] + [-1.0] * (period - 1), 400 * period))

    class Periodic(Slope):
        gradient = staticmethod(lambda theta: np.full_like(theta, next(gradients)))

    run = descend(
        "adam", Periodic, [0.0], 400 * period, learning_rate=1.0, beta1=0.0, beta2=beta2, delta=0.0,
        bias_correction=False,
    )  # fmt: skip
    assert_allclose(
        theory.drift(period, beta2, period), run.theta[-1, 0] - run.theta[-1 - period, 0], rtol=1e-6, atol=1e-9
    )


def test_drift_takes_arrays_and_the_paper_is_right():
    beta2 = np.array([0.0, 0.1, 0.9])
    assert_allclose(theory.drift(3, beta2), [theory.drift(3, b) for b in beta2])
    for large in (2.1, 3.0, 7.0):  # Reddi et al.: ρ₂ = 1/(1 + C²) leads the wrong way for every C > 2
        assert theory.drift(large, 1 / (1 + large**2)) > 0
        assert theory.drift(large, 0.9999) < 0


@pytest.mark.parametrize("large", [3, 10, 50])
def test_turning_point_has_no_drift(large):
    turn = theory.turning_beta2(large, large)
    assert abs(theory.drift(large, turn, large)) < 1e-6
    assert theory.drift(large, turn - 1e-4, large) > 0 > theory.drift(large, turn + 1e-5, large)


def test_turning_point_of_two():
    assert theory.turning_beta2(2.0, 2) == 0.0  # C = 2, −1: with ρ₂ = 0 the way is −1 + 1 = 0


@pytest.mark.parametrize("angle", [0.0, 30.0, 45.0, 90.0, -17.0])
def test_rotated_bowl(angle):
    bowl = theory.rotated_bowl(50.0, angle)
    hessian = bowl.hessian(np.zeros(2))
    assert_allclose(np.linalg.eigvalsh(hessian), [1, 50], rtol=1e-12)
    flat = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
    assert_allclose(hessian @ flat, flat, atol=1e-12)
    plain = landscapes.quadratic(hessian)
    theta = np.random.default_rng(0).normal(size=(5, 2))
    assert_allclose(bowl.loss(theta), plain.loss(theta), rtol=1e-12)
    assert_allclose(bowl.gradient(theta), plain.gradient(theta), rtol=1e-10, atol=1e-12)
    assert_allclose(bowl.loss(bowl.start), 0.5 * (4 + 50 * 1.5**2), rtol=1e-12)


def test_many_bowls_at_once_are_single_bowls():
    angles, conditions = np.array([0.0, 20.0, 77.0])[:, None], np.array([1.0, 300.0])
    bowls = theory.rotated_bowl(conditions, angles)
    theta = np.random.default_rng(1).normal(size=(3, 2, 2))
    for i, angle in enumerate(angles[:, 0]):
        for j, condition in enumerate(conditions):
            single = theory.rotated_bowl(condition, angle)
            assert_allclose(bowls.gradient(theta)[i, j], single.gradient(theta[i, j]), rtol=1e-12)
            assert_allclose(bowls.loss(theta)[i, j], single.loss(theta[i, j]), rtol=1e-12)
            assert_allclose(bowls.hessian(theta)[i, j], single.hessian(theta[i, j]), rtol=1e-12)
    assert bowls.start.shape == (3, 1, 2)


def test_one_run_of_a_batch():
    bowl = landscapes.quadratic(np.diag([1.0, 4.0]))
    rates = np.array([0.01, 0.1, 3.0])
    batch = descend("adam", bowl, bowl.start, 20, learning_rate=rates)
    single = descend("adam", bowl, bowl.start, 20, learning_rate=0.1)
    one = theory.one_run(batch, 1)
    assert_allclose(one.theta, single.theta, rtol=1e-12)
    assert_allclose(one.effective_rate, single.effective_rate, rtol=1e-12)
    assert_allclose(one.loss, single.loss, rtol=1e-10)
    assert one.diverged_at == -1


def test_valley_width():
    rates = np.logspace(-2, 2, 41)  # ten a decade
    costs = np.where((rates > 0.0999) & (rates < 1.001), 0.1, 5.0)
    costs[3] = 0.0  # a lone lucky rate: the valley is the widest run of good ones
    width, low, high = theory.valley_width(rates, costs, 1.0)
    assert_allclose([width, low, high], [1.1, 0.1, 1.0])
    costs[rates > 1.001] = np.nan  # diverged
    assert_allclose(theory.valley_width(rates, costs, 1.0), [1.1, 0.1, 1.0])
    width, low, high = theory.valley_width(rates, costs, -1.0)
    assert width == 0 and np.isnan(low) and np.isnan(high)
    assert_allclose(theory.valley_width(rates, np.zeros(41), 1.0), [4.1, 0.01, 100])


WALKS = {
    "adagrad": {"learning_rate": 0.5, "delta": 1e-7},
    "rmsprop": {"learning_rate": 0.05, "rho": 0.9, "delta": 1e-6},
    "rmsprop_nesterov": {"learning_rate": 0.02, "momentum": 0.8, "rho": 0.9, "delta": 1e-6},
    "adam": {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "delta": 1e-8, "bias_correction": True},
    "adadelta": {"learning_rate": 1.0, "rho": 0.95, "delta": 1e-6},
}


@pytest.mark.parametrize("method", WALKS)
@pytest.mark.parametrize("step", [1, 2, 17])
def test_the_lines_are_the_method(method, step):
    """Every line's numbers, by name, against the recorded state variables."""
    valley = landscapes.quadratic(np.diag([0.5, 10.0]), start=(-2.5, 1.5))
    run = descend(method, valley, valley.start, 20, **WALKS[method])
    lines = lines_8_5.step_lines(method, run, step, **WALKS[method])
    assert len(lines) == lines_8_5.num_lines(method)
    recorded = {
        "g ←": "gradient", "r ←": "second_moment" if method == "adam" else "accumulator", "s ←": "first_moment",
        "ŝ ←": "corrected_first_moment", "r̂ ←": "corrected_second_moment", "v ←": "velocity", "u ←": "step_accumulator",
        "θ̃ ←": "lookahead",
    }  # fmt: skip
    seen = 0
    for text, values in lines:
        key = text[: text.index("←") + 1]
        if key in recorded:
            assert_allclose(values, run.variables[recorded[key]][step], rtol=1e-12, atol=1e-300)
            seen += 1
        elif key == "θ ←":
            assert_allclose(values, run.theta[step], rtol=1e-12, atol=1e-15)
        else:
            assert_allclose(values, run.theta[step] - run.theta[step - 1], rtol=1e-9, atol=1e-13)
    assert seen == len(run.variables) - 1  # all but the effective rate


def test_the_lines_survive_a_run_that_diverges():
    valley = landscapes.quadratic(np.diag([0.5, 10.0]), start=(-2.5, 1.5))
    values = {"learning_rate": 1e300, "delta": 1e-7}
    run = descend("adagrad", valley, valley.start, 20, **values)
    assert run.diverged
    for step in (1, 2, 20):
        assert len(lines_8_5.step_lines("adagrad", run, step, **values)) == 4


def test_rmsprop_hops_half_a_rate_away():
    """The orbit θ → −θ of the lesson: |θ| = √(ε²/4 − δ/λ²)."""
    valley = landscapes.quadratic(np.diag([0.5, 10.0]), start=(-2.5, 1.5))
    run = descend(optimizers.rmsprop, valley, valley.start, 1500, learning_rate=0.05)
    assert_allclose(np.abs(run.theta[-1]), np.sqrt(0.05**2 / 4 - 1e-6 / np.array([0.5, 10.0]) ** 2), rtol=1e-6)
    assert_allclose(run.theta[-1], -run.theta[-2], rtol=1e-5)
