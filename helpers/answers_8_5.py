"""The exercises of lesson 8.5: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises


def effective_rate(answer):
    """Exercise 1: AdaGrad's effective rate after 100 gradients of 2 with ε = 1, measured. The slip is 1/Σg²."""
    exercises.number("Exercise 1", answer, 0.05, slips={
        0.0025: "This is 1/Σg², as some notes have it. Print the effective rate of the run: it is 1/√Σg².",
        0.1: "This is 1/√100: the squares of the gradients are 4, not 1.",
        0.5: "This is the rate after the first step. Afterwards 99 more squares were added.",
        0.005: "This is 1/Σ|g|. It is the squares that are added up, and the root is taken of the sum.",
    })  # fmt: skip


_CASES = [
    (np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([0.3, -0.1])),
    (np.array([0.0, 3.0]), np.array([0.0, 0.0]), np.array([2.0, 1.0])),
]


def adagrad_rule(answer):
    """Exercise 2: one step of AdaGrad, (theta, r, g, ε, δ) -> (theta, r)."""

    def book(t, r, g, e, d):
        r = r + g * g
        return np.stack([t - e / (d + np.sqrt(r)) * g, r])

    cases = [(*case, rate, delta) for case, rate, delta in zip(_CASES, (0.1, 0.5), (0.01, 0.02), strict=True)]
    exercises.function("Exercise 2", answer, book, cases, slips={
        "The root is missing: this divides by the sum of the squares, not by its root.":
            lambda t, r, g, e, d: np.stack([t - e / (d + r + g * g) * g, r + g * g]),
        "The old r was used for the step: add the new square first.":
            lambda t, r, g, e, d: np.stack([t - e / (d + np.sqrt(r)) * g, r + g * g]),
        "δ stands inside the root. For AdaGrad it stands outside: δ + √r.":
            lambda t, r, g, e, d: np.stack([t - e / np.sqrt(d + r + g * g) * g, r + g * g]),
        "The gradient was added to r, not its square.":
            lambda t, r, g, e, d: np.stack([t - e / (d + np.sqrt(r + g)) * g, r + g]),
        "The step goes uphill: θ minus the scaled gradient.":
            lambda t, r, g, e, d: np.stack([t + e / (d + np.sqrt(r + g * g)) * g, r + g * g]),
    })  # fmt: skip


def steps_to_distance(answer):
    """Exercise 3: the T with 2√T − 1.46 = 100."""
    exercises.number("Exercise 3", answer, (101.46 / 2) ** 2, rtol=0.005, slips={
        2500: "Nearly: 2√T = 100 leaves out the 1.46, and 2√2500 − 1.46 is only 98.54.",
        10000: "This solves √T = 100. The sum of 1/√t grows like 2√T.",
        100: "That is plain descent. AdaGrad's steps shrink like 1/√t.",
    })  # fmt: skip


def rmsprop_first_step(answer):
    """Exercise 4: ε/√(1 − ρ) with ε = 0.01, ρ = 0.99; the gradient, 5, cancels."""
    exercises.number("Exercise 4", answer, 0.1, slips={
        0.01: "This would be the first step of AdaGrad. RMSProp's r is only (1 − ρ)g² after one gradient, not g².",
        0.05: "This is εg, the step of plain descent: the size of the gradient cancels.",
        0.5: "The gradient cancels: g/√((1 − ρ)g²) does not depend on it.",
        1.0: "This is ε/(1 − ρ): the root is missing.",
    })  # fmt: skip


def rmsprop_rule(answer):
    """Exercise 5: one step of RMSProp, (theta, r, g, ε, ρ, δ) -> (theta, r)."""

    def book(t, r, g, e, p, d):
        r = p * r + (1 - p) * g * g
        return np.stack([t - e / np.sqrt(d + r) * g, r])

    def with_average(average, root=lambda r, d: np.sqrt(d + r)):
        def step(t, r, g, e, p, d):
            new = average(r, g, p)
            return np.stack([t - e / root(new, d) * g, new])

        return step

    def right(r, g, p):
        return p * r + (1 - p) * g * g

    cases = [(*case, 0.1, rho, 0.02) for case, rho in zip(_CASES, (0.9, 0.75), strict=True)]
    exercises.function("Exercise 5", answer, book, cases, slips={
        "δ stands outside the root: that is PyTorch's rule. The book has √(δ + r).":
            with_average(right, lambda r, d: d + np.sqrt(r)),
        "ρ and 1 − ρ are exchanged: ρ multiplies the old r.": with_average(lambda r, g, p: (1 - p) * r + p * g * g),
        "The factor 1 − ρ before the new square is missing.": with_average(lambda r, g, p: p * r + g * g),
        "This is AdaGrad's sum: nothing is forgotten.": with_average(lambda r, g, p: r + g * g),
        "The root is missing.": with_average(right, lambda r, d: d + r),
    })  # fmt: skip


def adam_first_step(answer):
    """Exercise 6: Adam's first step is ε."""
    exercises.number("Exercise 6", answer, 0.002, slips={
        2e-6: "This is εg, the step of plain descent. Adam divides by the size of the gradient.",
        0.002 / np.sqrt(0.001) * 0.1: "This is the first step without bias correction.",
        0.002 / np.sqrt(0.001): "This is RMSProp's first step with ρ = 0.999.",
        0.0002: "The first moment is corrected too: ŝ = s/(1 − ρ₁) is g itself.",
    })  # fmt: skip


def uncorrected_second_step(answer):
    """Exercise 7: (1 − 0.9²)/√(1 − 0.99²)."""
    exercises.number("Exercise 7", answer, 0.19 / np.sqrt(1 - 0.99**2), slips={
        1.0: "That is the first step, right by accident. In the second, s has reached 1 − ρ₁² of g.",
        0.19 / (1 - 0.99**2): "The root of the second moment is missing.",
        (1 - 0.9**2) / np.sqrt(1 - 0.999**2): "This is for ρ₂ = 0.999.",
    })  # fmt: skip


def adam_rule(answer):
    """Exercise 8: one step of Adam, (theta, s, r, g, t, ε, ρ₁, ρ₂, δ) -> (theta, s, r)."""

    def moments(s, r, g, b1, b2):
        return b1 * s + (1 - b1) * g, b2 * r + (1 - b2) * g * g

    def book(th, s, r, g, t, e, b1, b2, d):
        s, r = moments(s, r, g, b1, b2)
        return np.stack([th - e * (s / (1 - b1**t)) / (np.sqrt(r / (1 - b2**t)) + d), s, r])

    def uncorrected(th, s, r, g, t, e, b1, b2, d):
        s, r = moments(s, r, g, b1, b2)
        return np.stack([th - e * s / (np.sqrt(r) + d), s, r])

    def inside(th, s, r, g, t, e, b1, b2, d):
        s, r = moments(s, r, g, b1, b2)
        return np.stack([th - e * (s / (1 - b1**t)) / np.sqrt(r / (1 - b2**t) + d), s, r])

    def stored(th, s, r, g, t, e, b1, b2, d):
        th, s, r = book(th, s, r, g, t, e, b1, b2, d)
        return np.stack([th, s / (1 - b1**t), r / (1 - b2**t)])

    def only_second(th, s, r, g, t, e, b1, b2, d):
        s, r = moments(s, r, g, b1, b2)
        return np.stack([th - e * s / (np.sqrt(r / (1 - b2**t)) + d), s, r])

    def no_power(th, s, r, g, t, e, b1, b2, d):
        return np.stack([book(th, s, r, g, 1, e, b1, b2, d)[0], *moments(s, r, g, b1, b2)])

    theta, r, g = _CASES[0]
    cases = [(theta, np.array([0.1, -0.2]), r, g, 3, 0.1, 0.9, 0.99, 0.01),
             (_CASES[1][0], np.zeros(2), np.zeros(2), _CASES[1][2], 1, 0.05, 0.8, 0.95, 0.02)]  # fmt: skip
    exercises.function("Exercise 8", answer, book, cases, slips={
        "The bias correction is missing.": uncorrected,
        "δ stands inside the root. For Adam it stands outside: √r̂ + δ.": inside,
        "The step is right, but you return the corrected moments: keep s and r as they were accumulated.": stored,
        "The first moment is not corrected: divide s by 1 − ρ₁ᵗ.": only_second,
        "The correction is 1 − ρᵗ, with the power t; yours is the one of the first step at every step.": no_power,
    })  # fmt: skip


def widest(answer, widths):
    """Exercise 9: the method with the widest valley; `widths` in decades, by method, as measured on the page."""
    best = max(widths, key=widths.get)
    reasons = {}
    for name, width in widths.items():
        reasons[name] = f"Its valley is {width:.2f} decades wide"
        reasons[name] += "." if width == widths[best] else f"; the widest is {widths[best]:.2f}."
    tied = isinstance(answer, str) and widths.get(answer) == widths[best]
    exercises.pick("Exercise 9", answer, answer if tied else best, reasons)


def fair_comparison(answer):
    """Exercise 10: how to compare two methods."""
    exercises.pick("Exercise 10", answer, "best rates, same budget", {
        "same rate": "The same ε means something different to each method: compare their first steps in the readout.",
        "best rates, same budget": "Each at its own best rate, with the same steps, starts and minibatches.",
        "one run each": "One path may be luck. Click around in the race: the winner changes with the start.",
    })  # fmt: skip
