"""The exercises of lesson 8.5: the right answer passes, every named slip is recognized and told what it is."""

import numpy as np
import pytest

from helpers import answers_8_5 as answers


def verdict(capsys, check, *arguments):
    check(*arguments)
    return capsys.readouterr().out


NUMBERS = {
    answers.effective_rate: (0.05, {0.0025: "1/Σg²", 0.1: "1/√100", 0.5: "first step", 0.005: "1/Σ|g|"}),
    answers.steps_to_distance: (2574, {2500: "1.46", 10000: "2√T", 100: "plain"}),
    answers.rmsprop_first_step: (0.1, {0.01: "AdaGrad", 0.05: "plain descent", 0.5: "cancels", 1.0: "root"}),
    answers.adam_first_step: (0.002, {2e-6: "plain descent", 0.1 * 0.002 / np.sqrt(0.001): "without bias"}),
    answers.uncorrected_second_step: (0.19 / np.sqrt(0.0199), {1.0: "by accident", 0.19 / 0.0199: "root"}),
}  # fmt: skip


@pytest.mark.parametrize("check", NUMBERS, ids=lambda check: check.__name__)
def test_numbers(capsys, check):
    right, slips = NUMBERS[check]
    assert "right" in verdict(capsys, check, right)
    assert "no answer yet" in verdict(capsys, check, ...)
    for wrong, word in slips.items():
        told = verdict(capsys, check, wrong)
        assert "not yet" in told and word in told, f"{wrong}: {told}"
    assert "not yet" in verdict(capsys, check, 1.37 * right)


def adagrad(theta, r, g, e, d):
    r = r + g * g
    return theta - e / (d + np.sqrt(r)) * g, r


def rmsprop(theta, r, g, e, p, d):
    r = p * r + (1 - p) * g * g
    return theta - e / np.sqrt(d + r) * g, r


def adam(theta, s, r, g, t, e, b1, b2, d):
    s, r = b1 * s + (1 - b1) * g, b2 * r + (1 - b2) * g * g
    return theta - e * (s / (1 - b1**t)) / (np.sqrt(r / (1 - b2**t)) + d), s, r


def adagrad_without_root(theta, r, g, e, d):
    r = r + g * g
    return theta - e / (d + r) * g, r


def rmsprop_of_pytorch(theta, r, g, e, p, d):
    r = p * r + (1 - p) * g * g
    return theta - e / (d + np.sqrt(r)) * g, r


def adam_uncorrected(theta, s, r, g, t, e, b1, b2, d):
    s, r = b1 * s + (1 - b1) * g, b2 * r + (1 - b2) * g * g
    return theta - e * s / (np.sqrt(r) + d), s, r


@pytest.mark.parametrize(
    ("check", "right", "wrong", "word"),
    [
        (answers.adagrad_rule, adagrad, adagrad_without_root, "root is missing"),
        (answers.rmsprop_rule, rmsprop, rmsprop_of_pytorch, "PyTorch"),
        (answers.adam_rule, adam, adam_uncorrected, "bias correction is missing"),
    ],
)
def test_rules(capsys, check, right, wrong, word):
    assert "right" in verdict(capsys, check, right)
    assert word in verdict(capsys, check, wrong)
    assert "no answer yet" in verdict(capsys, check, ...)
    assert "not yet" in verdict(capsys, check, lambda theta, *rest: (theta,) * len(np.atleast_2d(right(theta, *rest))))


def test_widest(capsys):
    widths = {"sgd": 0.75, "adam": 1.5, "momentum": 1.5}
    assert "right" in verdict(capsys, answers.widest, "adam", widths)
    assert "right" in verdict(capsys, answers.widest, "momentum", widths)  # a tie: both are right
    assert "0.75 decades wide; the widest is 1.50" in verdict(capsys, answers.widest, "sgd", widths)
    assert "choose one of" in verdict(capsys, answers.widest, "newton", widths)


def test_fair_comparison(capsys):
    assert "right" in verdict(capsys, answers.fair_comparison, "best rates, same budget")
    assert "not yet" in verdict(capsys, answers.fair_comparison, "same rate")
