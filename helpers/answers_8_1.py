"""The exercises of lesson 8.1: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises


def true_risk(answer):
    """Exercise 1: J* from the coefficients, (theta, c, power, sigma) -> σ² + E f² − 2 θ·c + θ·θ."""
    cases = [
        (np.array([0.3, -0.2]), np.array([0.5, 0.1]), 0.47, 0.5),
        (np.array([1.0, 2.0, -1.0]), np.array([0.2, -0.4, 0.3]), 0.9, 0.2),
        (np.zeros(4), np.array([0.2, -0.4, 0.3, 0.1]), 0.5, 1.0),
    ]
    exercises.function("Exercise 1", answer, lambda t, c, power, s: s**2 + power - 2 * t @ c + t @ t, cases, slips={
        "The noise is missing: y is f(x) plus noise, whose mean square σ² no θ can remove.":
            lambda t, c, power, s: power - 2 * t @ c + t @ t,
        "σ is the standard deviation: its square enters.": lambda t, c, power, s: s + power - 2 * t @ c + t @ t,
        "The middle term of (a − b)² is −2ab: a factor 2 is missing.":
            lambda t, c, power, s: s**2 + power - t @ c + t @ t,
        "The sign of the middle term: (a − b)² = a² − 2ab + b².":
            lambda t, c, power, s: s**2 + power + 2 * t @ c + t @ t,
        "E f² is more than the sum of the c_j²: what the model cannot express counts too. Use `power`.":
            lambda t, c, power, s: s**2 + c @ c - 2 * t @ c + t @ t,
    })  # fmt: skip


def enough_examples(answer):
    """Exercise 2: p = 10, J* at most 10 % above σ²: p/(n − p − 1) = 0.1."""
    exercises.number("Exercise 2", answer, 111, rtol=1e-6, slips={
        100: "This solves p/n = 0.1, which belongs to new noise at the *same* inputs.",
        110: "The − 1 in n − p − 1 is missing.",
        90: "The sign: n − p − 1 = 100.",
    })  # fmt: skip


def logistic_slope(answer):
    """Exercise 3: the derivative of log(1 + exp(−z)) by z: −1/(1 + exp(z))."""
    cases = [(z,) for z in (-3.0, -1.0, 0.0, 0.5, 4.0)]
    exercises.function("Exercise 3", answer, lambda z: -1 / (1 + np.exp(z)), cases, slips={
        "The sign: the loss falls when the margin grows, so its derivative is negative.": lambda z: 1 / (1 + np.exp(z)),
        "This is −1/(1 + exp(−z)): it is largest for examples that are right already. Mind the inner derivative.":
            lambda z: -1 / (1 + np.exp(-z)),
        "The inner derivative, exp(−z) in the numerator, is missing or was left out twice.":
            lambda z: -np.exp(-z),
        "This is the loss itself.": lambda z: np.log1p(np.exp(-z)),
    })  # fmt: skip


def which_stops(answer):
    """Exercise 4: which loss has exactly zero gradient once the examples are right by a margin, yet can be trained?"""
    exercises.pick("Exercise 4", answer, "hinge", {
        "logistic": "Its derivative −1/(1 + exp(z)) is never 0: it rewards every further growth of the margin.",
        "0-1": "Its gradient is 0 from the very first step: it never starts.",
        "hinge": "Beyond z = 1 it is flat: once every example is there, gradient descent stands still.",
    })  # fmt: skip


def patience(answer):
    """Exercise 5: which cost is kept of 3.0, 2.0, 2.5, 1.5, 1.6, 1.7, 1.8, 1.0 with a patience of 3?"""
    exercises.number("Exercise 5", answer, 1.5, rtol=1e-6, slips={
        1.0: "Training was halted before this one: after 1.5 came three costs that were not lower.",
        1.8: "Here it is halted, but the weights that are kept are those of the lowest cost so far.",
        1.6: "These weights are worse than those one evaluation before.",
        2.0: "After 2.0 came only one higher cost, then a new lowest one: the patience of 3 was not used up.",
    })  # fmt: skip


def as_ridge(answer):
    """Exercise 6: the ridge penalty that 200 steps at ε = 0.1 resemble: 1/(εk)."""
    exercises.number("Exercise 6", answer, 0.05, slips={
        20.0: "This is εk, the inverse. More steps mean a weaker penalty.",
        0.0005: "ε stands in the denominator too: 1/(εk), not ε/k.",
        2000.0: "This is k/ε: the penalty falls with both k and ε.",
    })  # fmt: skip


def ten_times_as_precise(answer):
    """Exercise 7: from m = 64, a standard error ten times smaller."""
    exercises.number("Exercise 7", answer, 6400, rtol=1e-6, slips={
        640: "The error falls with the root: ten times the examples divide it by 3.2 only.",
        202: "That is √10 times as many: the other way round. Precision grows with the root of m.",
        6336: "Those are the additional ones.",
    })  # fmt: skip


def without_replacement(answer):
    """Exercise 8: the share of the variance that is left when half of 1,300 examples are drawn without replacement."""
    exercises.number("Exercise 8", answer, 650 / 1299, rtol=2e-4, slips={
        0.5: "Nearly: (N − m)/N. The denominator is N − 1.",
        float(np.sqrt(650 / 1299)): "This is the factor of the standard error. The question is for the variance.",
        650 / 1300 * 650 / 1299: "The 1/m is the part that drawing with replacement has too: only (N − m)/(N − 1).",
    })  # fmt: skip


def newton_batch(answer):
    """Exercise 9: κ = 10, m = 100 for the gradient; how many for a Newton step of the same relative precision at
    worst?
    """
    exercises.number("Exercise 9", answer, 10000, rtol=1e-6, slips={
        1000: "κ times the noise needs κ² times the examples, since noise falls with the root of m.",
        316: "√κ times as many: it is the other way round, noise falls with the root of m.",
        100000: "κ² = 100, times 100 examples.",
    })  # fmt: skip


def second_pass(answer):
    """Exercise 10: what is the minibatch gradient of the second pass an unbiased estimate of, in a random order?"""
    exercises.pick("Exercise 10", answer, "neither", {
        "true risk": "Only while the examples are new. θ has already moved towards this example.",
        "training cost": "Nearly, but an example comes only once in a pass: θ depends on which were used already. Only "
                         "drawing with replacement makes it exactly so.",
        "neither": "Not of ∇J*, since θ has seen these examples, and of ∇J only if they are drawn with replacement.",
    })  # fmt: skip
