"""The exercises of lesson 8.7.1 to 8.7.3 and the theory that its figures carry."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers import answers_8_7 as answers
from helpers.figures.batch_normalization_8_7 import change_by_order


def layer(z, gamma, beta, delta):
    return (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + delta) * gamma + beta


RIGHT = {
    "chain": -0.48,
    "batch_norm": layer,
    "same_angle": 49,
    "batch_of_one": "constant",
    "sweep": 1 / 1.5**2,
    "soft_threshold": lambda v, t: np.sign(v) * np.maximum(np.abs(v) - t, 0),
    "steps_for_variance": 250,
    "uniform_average": lambda average, theta, t: average + (theta - average) / t,
    "which_average": "exponential",
}

WRONG = {
    "chain": [(-0.12, "square"), (0.48, "negative"), ((2 - 0.04) ** 3 - 8, "really happens"), (-0.32, "two other")],
    "batch_norm": [
        (lambda z, g, b, d: layer(z.T, 1, 0, d).T * g + b, "layer normalization"),
        (lambda z, g, b, d: g * (z - z.mean(0)) / np.sqrt(z.var(0, ddof=1) + d) + b, "m − 1"),
        (lambda z, g, b, d: g * (z - z.mean(0)) / (z.var(0) + d) + b, "root is missing"),
        (lambda z, g, b, d: g * (z - z.mean(0)) / (z.std(0) + d) + b, "inside the root"),
        (lambda z, g, b, d: layer(z, 1, 0, d), "missing: this is ẑ"),
        (lambda z, g, b, d: layer(z, b, g, d), "exchanged"),
        (lambda z, g, b, d: layer(z, g, b, 0), "δ is missing"),
        (lambda z, g, b, d: layer(z, -g, b, d), "should be"),
    ],
    "same_angle": [(7, "longer"), (1 / 7, "other way"), (1, "gradient is not")],
    "batch_of_one": [("noisy", "nothing random"), ("right", "company")],
    "sweep": [(2 / 3, "half a sweep"), (2.25, "inverse")],
    "soft_threshold": [
        (lambda v, t: np.where(np.abs(v) > t, v, 0.0), "hard"),
        (lambda v, t: np.maximum(v - t, 0), "negative ones"),
        (lambda v, t: v - t * np.sign(v), "other side"),
        (lambda v, t: np.maximum(np.abs(v) - t, 0), "sign"),
    ],
    "steps_for_variance": [(1000, "λ = 1"), (500, "squared")],
    "uniform_average": [
        (lambda a, x, t: (a + x) / 2, "half of the weight"),
        (lambda a, x, t: (t * a + x) / (t + 1), "t + 1"),
        (lambda a, x, t: (a + x) / t, "t − 1 points"),
        (lambda a, x, t: (t * a + x) / t, "not by t"),
    ],
    "which_average": [("uniform", "never forgets"), ("neither", "helps")],
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_wrong_and_untouched(name, capsys):
    exercise = getattr(answers, name)
    assert exercise(...) is None
    assert "no answer yet" in capsys.readouterr().out
    assert exercise(RIGHT[name]) is None
    said = capsys.readouterr().out
    assert "not yet" not in said and ": right" in said
    for wrong, reason in WRONG[name]:
        exercise(wrong)
        said = capsys.readouterr().out
        assert "not yet" in said and reason in said


@pytest.mark.parametrize(("depth", "weight", "rate"), [(1, 1.1, 0.3), (2, 1.1, 0.01), (10, 1.1, 0.01), (6, 0.8, 1.0)])
def test_orders_against_the_chain_itself(depth, weight, rate):
    parts, total = change_by_order(depth, weight, rate)
    w = np.full(depth, weight)
    g = np.prod(w) / w
    assert_allclose(total, np.prod(w - rate * g) - np.prod(w), rtol=1e-12)
    assert_allclose(parts[0], -rate * g @ g, rtol=1e-12)
    product = np.array([1.0])  # the product of the factors w_i − ε g_i as a polynomial in ε/rate
    for weight_i, g_i in zip(w, g, strict=True):
        product = np.polynomial.polynomial.polymul(product, [weight_i, -rate * g_i])
    assert_allclose(product[1:], parts, rtol=1e-12)


def test_the_numbers_of_the_lesson():
    for depth, predicted, actual in ((2, -0.0242, -0.0241), (10, -0.556, -0.505), (50, -5694, -117)):
        parts, total = change_by_order(depth, 1.1, 0.01)
        assert float(f"{parts[0]:.4g}") == pytest.approx(predicted, rel=5e-4)
        assert float(f"{total:.3g}") == actual
    parts, total = change_by_order(50, 1.1, 0.01)
    assert int(np.argmax(np.abs(parts))) + 1 == 25
    assert np.abs(parts).max() > 1e13 * abs(total), "so large that floating point would lose the sum"


def test_change_by_order_refuses_bad_input():
    for name, arguments in {"depth": (0, 1, 1), "weight": (2, 0, 1), "learning_rate": (2, 1, -1)}.items():
        with pytest.raises(ValueError, match=rf"^{name}"):
            change_by_order(*arguments)
