"""The exercises of lesson 8.3: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises
from helpers.schedules import linear_decay


def schedule(answer):
    """Exercise 1: write ε_k, constant after τ."""
    cases = [(k, 0.5, 0.005, 200) for k in (0, 50, 100, 199, 200, 1000)]

    def book(k, first, last, tau):
        return linear_decay(first, last, tau)(k)

    def line(k, first, last, tau):
        return (1 - k / tau) * first + k / tau * last

    def swapped(k, first, last, tau):
        return linear_decay(last, first, tau)(k)

    def to_zero(k, first, last, tau):
        return max(1 - k / tau, 0) * first

    exercises.function("Exercise 1", answer, book, cases, slips={
        "Up to τ it is right; after τ the rate must stay at ε_τ, yours goes on falling and turns negative.": line,
        "The two ends are exchanged: at k = 0 the rate is ε_0.": swapped,
        "The rate falls to 0; it should fall to ε_τ and stay there.": to_zero,
    })  # fmt: skip


def floor(answer):
    """Exercise 2: the constant rate that leaves an expected cost of 0.02 on ½θ² with unit noise: ε/(2(2 − ε)) =
    0.02.
    """
    exercises.number("Exercise 2", answer, 0.08 / 1.04, rtol=0.005, slips={
        0.08: "You dropped the ε in 2 − ε: close for small rates, not exact.",
        0.04: "This solves ε/2 = 0.02. The floor is ½·ε/(2 − ε), nearly ε/4.",
        0.04 / 1.02: "This is the mean square distance; the cost is half of it.",
        0.02: "The floor is not ε itself: it is ½·ε/(2 − ε) here.",
    })  # fmt: skip


def steps_for_precision(answer):
    """Exercise 3: ε_k = 1/(λk): excess σ²/(2λk) = 0.001 with λ = 1/2, σ = 1."""
    exercises.number("Exercise 3", answer, 1000, rtol=0.001, slips={
        500: "That is the answer for λ = 1.",
        250: "λ stands in the denominator: a flatter bowl needs more steps, not fewer.",
        2000: "The ½ of the cost is missing: σ²/(2λk).",
    })  # fmt: skip


def first_step(answer):
    """Exercise 4: the size of the first step with ε = 0.1, α = 0.9, ‖g‖ = 2. The slip is the terminal velocity."""
    exercises.number("Exercise 4", answer, 0.2, slips={
        2.0: "This is ε‖g‖/(1 − α), the speed that is reached in the end. Measure the first step: v starts at 0.",
        0.02: "This is (1 − α)ε‖g‖, the first step of a method that averages its gradients. This one adds them up.",
        0.38: "This is the second step: the velocity already carries α times the first.",
    })  # fmt: skip


def steps_to_terminal(answer):
    """Exercise 5: steps to 95 % of the terminal velocity with α = 0.95: the first k with 1 − α^k >= 0.95."""
    exercises.number("Exercise 5", answer, 59, rtol=1e-6, slips={
        58: "After 58 steps the speed is at 94.9 %: log 0.05/log 0.95 = 58.4 must be rounded up.",
        np.log(0.05) / np.log(0.95): "A whole number of steps: round it up.",
        60: "3/(1 − α) is a good rule of thumb. For the exact number solve α^k = 0.05.",
        20: "1/(1 − α) steps reach only 64 %: it takes about three times as long.",
        1: "α^k is what is still missing after k steps: solve α^k = 0.05.",
    })  # fmt: skip


def best_momentum(answer):
    """Exercise 6: α* for κ = 25: ((5 − 1)/(5 + 1))²."""
    exercises.number("Exercise 6", answer, 4 / 9, slips={
        2 / 3: "This is the rate √α* = (√κ − 1)/(√κ + 1). The momentum is its square.",
        (24 / 26) ** 2: "You used κ where √κ belongs.",
        24 / 26: "This is (κ − 1)/(κ + 1), the rate of plain descent.",
    })  # fmt: skip


_STATES = [
    (np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([0.3, -0.1]), 0.1, 0.9),
    (np.array([0.0, 3.0]), np.array([0.0, 0.0]), np.array([2.0, 1.0]), 0.05, 0.5),
]


def momentum_rule(answer):
    """Exercise 7: one step of momentum, (theta, velocity, g, ε, α) -> (theta, velocity)."""

    def book(theta, v, g, rate, alpha):
        v = alpha * v - rate * g
        return np.stack([theta + v, v])

    exercises.function("Exercise 7", answer, book, _STATES, slips={
        "The gradient enters with the wrong sign: the velocity must point downhill.":
            lambda t, v, g, e, a: np.stack([t + a * v + e * g, a * v + e * g]),
        "θ was moved by the old velocity: update v first, then θ ← θ + v.":
            lambda t, v, g, e, a: np.stack([t + v, a * v - e * g]),
        "This is an average, with 1 − α before the gradient. The book's velocity is a sum.":
            lambda t, v, g, e, a: np.stack([t + a * v - (1 - a) * e * g, a * v - (1 - a) * e * g]),
        "ε multiplies the whole velocity, as PyTorch has it. In the book ε multiplies only the gradient.":
            lambda t, v, g, e, a: np.stack([t - e * (a * v + g), a * v + g]),
        "Return θ first, then the velocity.":
            lambda t, v, g, e, a: np.stack([a * v - e * g, t + a * v - e * g]),
        "The book puts the minus sign into v: v ← αv − εg, then θ ← θ + v.":
            lambda t, v, g, e, a: np.stack([t - a * v - e * g, a * v + e * g]),
        "Return two things: the new θ and the new velocity.":
            lambda t, v, g, e, a: t + a * v - e * g,
        "θ forgot its velocity: this is a plain gradient step.":
            lambda t, v, g, e, a: np.stack([t - e * g, a * v - e * g]),
    })  # fmt: skip


def nesterov_limit(answer):
    """Exercise 8: the largest stable ε of Nesterov momentum for α = 0.9 and λ = 4."""
    exercises.number("Exercise 8", answer, 3.8 / 2.8 / 4, slips={
        0.95: "This is the limit of plain momentum, 2(1 + α)/λ. Nesterov's is lower: divide by 1 + 2α too.",
        3.8 / 2.8: "This is ελ. The question is for ε, and λ = 4.",
        0.5: "This is the limit of plain descent, 2/λ.",
    })  # fmt: skip


def nesterov_rule(answer):
    """Exercise 9: one Nesterov step with a gradient function, (theta, velocity, ε, α) -> (theta, velocity), on g(θ)
    = θ³.
    """

    def book(theta, v, rate, alpha):
        v = alpha * v - rate * (theta + alpha * v) ** 3
        return np.stack([theta + v, v])

    cases = [(theta, velocity, rate, alpha) for theta, velocity, _, rate, alpha in _STATES]
    cases[1] = (np.array([0.0, 3.0]), np.array([-1.0, 0.5]), 0.05, 0.5)
    exercises.function("Exercise 9", answer, book, cases, slips={
        "This is ordinary momentum: the gradient must be taken at θ + αv, before the step.":
            lambda t, v, e, a: np.stack([t + a * v - e * t**3, a * v - e * t**3]),
        "The gradient was taken at θ + v: look ahead by αv, what is left of the velocity.":
            lambda t, v, e, a: np.stack([t + a * v - e * (t + v) ** 3, a * v - e * (t + v) ** 3]),
        "The velocity was added twice: θ ← θ + v from the old θ, the interim point is only looked at.":
            lambda t, v, e, a: np.stack([t + a * v + a * v - e * (t + a * v) ** 3, a * v - e * (t + a * v) ** 3]),
    })  # fmt: skip


def which_wins(answer):
    """Exercise 10: with a lot of gradient noise, is Nesterov's acceleration worth it?"""
    exercises.pick(
        "Exercise 10",
        answer,
        "descent",
        {
            "nesterov": "Without noise, yes. Move σ up and look at the right end of both curves.",
            "equal": "They are not: with α_k near 1 the accelerated method adds up the noise of ever more gradients.",
            "descent": "It comes to rest; with α_k near 1 the other sums the noise of all its gradients and climbs.",
        },
    )
