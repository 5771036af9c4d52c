"""The exercises of lesson 8.6: what is right, and what the usual slips lead to."""

import numpy as np

from helpers import exercises
from helpers.quasi_newton import inverse_update


def fourth_power(answer):
    """Exercise 1: one Newton step on θ⁴ from 1: 1 − 4/12."""
    exercises.number("Exercise 1", answer, 2 / 3, rtol=0.005, slips={
        0.0: "That would be so for a parabola. Here J' = 4θ³ and J'' = 12θ² do not belong to one.",
        1 / 3: "1/3 is the length of the step, J'/J''. It is taken from θ = 1.",
        -3.0: "This is a gradient step, 1 − J'. Divide J' by the curvature J''.",
        3 / 4: "J'' is 12θ², not 16θ².",
    })  # fmt: skip


def least_damping(answer):
    """Exercise 2: above which α Newton's method leaves a saddle whose negative eigenvalue is −3: α/(3 − α) > 1."""
    exercises.number("Exercise 2", answer, 1.5, rtol=0.005, slips={
        3.0: "Above 3 it leaves downhill. But between 1.5 and 3 it leaves too: it is thrown across, further each time.",
        6.0: "At |λ|, not at 2|λ|, the sign of the step changes; and it leaves even earlier.",
        1.0: "That is the answer for λ = −2, the saddle above. Solve |α/(λ + α)| = 1 for λ = −3.",
    })  # fmt: skip


_SYSTEMS = [
    (np.array([[3.0, 2.0], [2.0, 3.0]]), np.array([1.0, -1.0]), 0.0),
    (np.array([[2.0, 0.5], [0.5, -1.0]]), np.array([0.3, 2.0]), 4.0),
    (np.diag([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 6.0]), 0.5),
]


def newton_rule(answer):
    """Exercise 3: the step of damped Newton, (H, g, α) -> step."""
    def book(h, g, a):
        return -np.linalg.solve(h + a * np.eye(len(g)), g)

    exercises.function("Exercise 3", answer, book, _SYSTEMS, slips={
        "The sign: the step goes against the gradient.": lambda h, g, a: np.linalg.solve(h + a * np.eye(len(g)), g),
        "The damping is missing: H + αI in place of H.": lambda h, g, a: -np.linalg.solve(h, g),
        "This adds α to every entry of H. Only the diagonal gets it: α times the identity.":
            lambda h, g, a: -np.linalg.solve(h + a + 0.0 * np.eye(len(g)), g),
        "This multiplies by H + αI. The step solves a linear system with it.":
            lambda h, g, a: -(h + a * np.eye(len(g))) @ g,
    })  # fmt: skip


def worst_factor(answer):
    """Exercise 4: the worst factor of the cost per step for κ = 9."""
    exercises.number("Exercise 4", answer, 0.64, rtol=0.002, slips={
        0.8: "(κ − 1)/(κ + 1) is without the square: the cost falls like the square of a distance.",
        0.36: "This is what is taken away; asked is what is left.",
        0.25: "((√κ − 1)/(√κ + 1))² belongs to conjugate gradients and momentum.",
    })  # fmt: skip


def number_of_steps(answer):
    """Exercise 5: CG on 1,000 parameters whose Hessian has only the eigenvalues 1, 5 and 100."""
    exercises.number("Exercise 5", answer, 3, rtol=1e-9, slips={
        1000: "n steps is the guarantee for n different eigenvalues. Here there are few: count them.",
        100: "The condition number does not say it: count the different eigenvalues.",
        2: "A polynomial of degree 2 has two zeros, and there are three eigenvalues.",
    })  # fmt: skip


def polak_ribiere(answer):
    """Exercise 6: β of Polak and Ribière from the gradient now and the one before."""
    cases = [(np.array([1.0, 2.0]), np.array([2.0, -1.0])), (np.array([0.5, 0.1, -1.0]), np.array([1.0, 1.0, 1.0])),
             (np.array([3.0, 3.0]), np.array([2.0, 2.0]))]  # fmt: skip
    exercises.function("Exercise 6", answer, lambda g, b: (g - b) @ g / (b @ b), cases, slips={
        "This is Fletcher and Reeves. The other formula subtracts the gradient before from one of the two.":
            lambda g, b: g @ g / (b @ b),
        "Divide by the square of the gradient before, not of the new one.": lambda g, b: (g - b) @ g / (g @ g),
        "The difference has the wrong sign: new minus before.": lambda g, b: (b - g) @ g / (b @ b),
        "Now both factors are differences; one of them is the new gradient itself.":
            lambda g, b: (g - b) @ (g - b) / (b @ b),
    })  # fmt: skip


def bfgs_rule(answer):
    """Exercise 7: the BFGS update (M, s, y) -> M."""
    cases = [(np.eye(2), np.array([1.0, 0.5]), np.array([2.0, 0.3])),
             (np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([-0.2, 1.0]), np.array([0.5, 1.5])),
             (np.diag([1.0, 2.0, 0.5]), np.array([1.0, 1.0, 0.0]), np.array([0.2, 1.0, -0.4]))]  # fmt: skip

    def factored(m, s, y, left, right, last):
        rho, identity = 1 / (y @ s), np.eye(len(s))
        return (identity - rho * left(s, y)) @ m @ (identity - rho * right(s, y)) + last(rho, s, y)

    def sy(s, y):
        return np.outer(s, y)

    def ys(s, y):
        return np.outer(y, s)

    exercises.function("Exercise 7", answer, inverse_update, cases, slips={
        "The last term is missing: + ρ s sᵀ.": lambda m, s, y: factored(m, s, y, sy, ys, lambda r, s, y: 0),
        "The last term has y in place of s: that is the update of H, not of its inverse.":
            lambda m, s, y: factored(m, s, y, sy, ys, lambda r, s, y: r * np.outer(y, y)),
        "The two brackets are exchanged: s yᵀ stands on the left, y sᵀ on the right.":
            lambda m, s, y: factored(m, s, y, ys, sy, lambda r, s, y: r * np.outer(s, s)),
        "s and y are exchanged: that is the update of H itself.": lambda m, s, y: inverse_update(m, y, s),
        "The last term lacks its ρ.": lambda m, s, y: factored(m, s, y, sy, ys, lambda r, s, y: np.outer(s, s)),
    }, rtol=1e-8)  # fmt: skip


def memory_needed(answer):
    """Exercise 8: gigabytes of L-BFGS for 25 million parameters, m = 20, 8 bytes each: 2·20·25e6·8."""
    exercises.number("Exercise 8", answer, 8.0, rtol=0.005, slips={
        4.0: "Each pair has two vectors, a step s and a change y.",
        8e9: "That is in bytes; asked are gigabytes, 1e9 bytes.",
        1.0: "You counted numbers; each takes 8 bytes.",
        5e6: "That is what the full matrix M would take: n² numbers.",
    })  # fmt: skip


def first_to_arrive(answer):
    """Exercise 9: which method is ahead after the first five passes over the digits?"""
    exercises.pick("Exercise 9", answer, "minibatches", {
        "minibatches": "In five passes Adam made 130 rough steps, a method on the whole set four or five precise ones.",
        "lbfgs": "It wins in the end. After five passes it has made only four or five steps: look at the left panel.",
        "newton": "One step would need a Hessian of 760 × 760 entries: 760 Hessian-vector products.",
    })  # fmt: skip
