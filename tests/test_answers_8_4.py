"""The exercises of lesson 8.4: each takes its right answer, names its slips, and is silent about nothing."""

import numpy as np
import pytest

from helpers import answers_8_4 as answers
from helpers import theory_8_4 as theory

RIGHT = {
    "equal_units": 1,
    "misprint": 2.45,
    "glorot_limit": lambda m, n: np.sqrt(6 / (m + n)),
    "wider": np.sqrt(100 * theory.weight_variance("glorot", 100, 400)),
    "relu_depth": theory.mean_squares("relu", 1.0)[0] ** 15,
    "leaky_gain": 1.387,
    "sparse_sum": 3.873,
    "output_biases": lambda counts: np.log(counts),
    "gate_bias": 3.34,
    "which_scale": "smaller",
}
WRONG = {
    "equal_units": (100, "independent"),
    "misprint": (6.0, "root"),
    "glorot_limit": (lambda m, n: 6 / np.sqrt(m + n), "misprint"),
    "wider": (np.sqrt(1.6), "way back"),
    "relu_depth": (2.0**-30, "root"),
    "leaky_gain": (np.sqrt(2), "ReLU's"),
    "sparse_sum": (15, "root mean square"),
    "output_biases": (lambda counts: counts / counts.sum(), "logarithms"),
    "gate_bias": (0.966, "Solve for b"),
    "which_scale": ("larger", "blue one"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_is_right(name, capsys):
    getattr(answers, name)(RIGHT[name])
    assert "right" in capsys.readouterr().out.split(":", 1)[1][:8]


@pytest.mark.parametrize("name", WRONG)
def test_a_slip_is_named(name, capsys):
    answer, word = WRONG[name]
    getattr(answers, name)(answer)
    said = capsys.readouterr().out
    assert "not yet" in said and word in said


@pytest.mark.parametrize("name", RIGHT)
def test_untouched(name, capsys):
    getattr(answers, name)(...)
    assert "no answer yet" in capsys.readouterr().out


def test_output_biases_take_any_constant_and_find_what_is_missing(capsys):
    answers.output_biases(lambda counts: np.log(counts / counts.sum()) + 7.0)
    assert ": right" in capsys.readouterr().out
    answers.output_biases(lambda counts: None)
    assert "returns nothing" in capsys.readouterr().out
    answers.output_biases(lambda counts: -np.log(counts))
    assert "sign" in capsys.readouterr().out
    answers.output_biases(3.0)
    assert "should be a function" in capsys.readouterr().out


def test_the_gate_keeps_half():
    b = RIGHT["gate_bias"]
    assert abs((1 / (1 + np.exp(-b))) ** 20 - 0.5) < 0.005
