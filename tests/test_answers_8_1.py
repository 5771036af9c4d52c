"""The exercises of lesson 8.1: the right answer is right, each usual slip is told apart, an empty one is no error."""

import numpy as np
import pytest

from helpers import answers_8_1 as answers

RIGHT = {
    answers.true_risk: lambda theta, c, power, sigma: sigma**2 + power - 2 * theta @ c + theta @ theta,
    answers.enough_examples: 111,
    answers.logistic_slope: lambda z: -1 / (1 + np.exp(z)),
    answers.which_stops: "hinge",
    answers.patience: 1.5,
    answers.as_ridge: 1 / (0.1 * 200),
    answers.ten_times_as_precise: 64 * 10**2,
    answers.without_replacement: (1300 - 650) / (1300 - 1),
    answers.newton_batch: 10**2 * 100,
    answers.second_pass: "neither",
}
SLIPS = [
    (answers.true_risk, lambda t, c, power, s: power - 2 * t @ c + t @ t, "The noise is missing"),
    (answers.true_risk, lambda t, c, power, s: s**2 + np.sum((t - c) ** 2), "E f² is more"),
    (answers.enough_examples, 100, "new noise at the *same* inputs"),
    (answers.logistic_slope, lambda z: 1 / (1 + np.exp(z)), "The sign"),
    (answers.logistic_slope, lambda z: np.log(1 + np.exp(-z)), "the loss itself"),
    (answers.which_stops, "logistic", "is never 0"),
    (answers.patience, 1.0, "Training was halted before"),
    (answers.as_ridge, 20, "the inverse"),
    (answers.ten_times_as_precise, 640, "falls with the root"),
    (answers.without_replacement, 0.5, "N − 1"),
    (answers.without_replacement, 0.7074, "factor of the standard error"),
    (answers.newton_batch, 1000, "κ²"),
    (answers.second_pass, "true risk", "Only while the examples are new"),
]


@pytest.mark.parametrize("exercise", RIGHT, ids=lambda exercise: exercise.__name__)
def test_the_right_answer_is_right_and_an_empty_one_no_error(exercise, capsys):
    assert exercise(RIGHT[exercise]) is None
    assert ": right" in capsys.readouterr().out
    exercise(...)
    assert "no answer yet" in capsys.readouterr().out


@pytest.mark.parametrize(("exercise", "answer", "reason"), SLIPS)
def test_a_slip_is_told_what_it_is(exercise, answer, reason, capsys):
    exercise(answer)
    said = capsys.readouterr().out
    assert "not yet" in said and reason in said
