"""The exercises of lesson 8.2.1 to 8.2.4: the solutions that the notebook gives are accepted, the slips are named."""

import numpy as np
import pytest

from helpers import answers_8_2 as answers


def clip_solution(g, c):
    return g * min(1, c / np.linalg.norm(g))


def saddle_free_solution(g, H):
    values, vectors = np.linalg.eigh(H)
    return -vectors @ ((vectors.T @ g) / abs(values))


SOLUTIONS = {
    "uphill": 10 / 8,
    "predicted_change": lambda g, Hg, epsilon: -epsilon * g @ g + epsilon**2 * g @ Hg / 2,
    "equivalent_points": 147_456,
    "reorder": lambda into, out, order: (into[:, order], out[order]),
    "steps_to_leave": 194,
    "saddle_free": saddle_free_solution,
    "clip": clip_solution,
    "turned": 30.96,
}
SLIPS = [
    ("uphill", 0.625, "twice that"),
    ("uphill", 7.0, "5.6 times too large"),
    ("predicted_change", lambda g, Hg, e: -e * g @ g + e**2 * g @ Hg, "½"),
    ("predicted_change", lambda g, Hg, e: -e * g @ g + e * g @ Hg / 2, "squared"),
    ("equivalent_points", 576, "negated"),
    ("reorder", lambda into, out, order: (into[:, order], out), "wrong units"),
    ("reorder", lambda into, out, order: (into[:, order], out[np.argsort(order)]), "inverse"),
    ("reorder", lambda into, out, order: (..., ...), "should return numbers"),
    ("steps_to_leave", 193, "rounded up"),
    ("steps_to_leave", 378, "1 + ε"),
    ("saddle_free", lambda g, H: -np.linalg.solve(H, g), "Newton's step"),
    ("saddle_free", lambda g, H: -np.linalg.solve(np.abs(H), g), "entries"),
    ("saddle_free", lambda g, H: -g / np.abs(np.linalg.eigvalsh(H)), "wrong axes"),
    ("clip", lambda g, c: g * c / np.linalg.norm(g), "shorter"),
    ("clip", lambda g, c: np.clip(g, -c, c), "element"),
    ("turned", 45, "new direction"),
    ("turned", np.arctan(1) - np.arctan(0.25), "radians"),
]


@pytest.mark.parametrize("name", SOLUTIONS)
def test_the_solution_is_right_and_no_answer_is_no_error(name, capsys):
    getattr(answers, name)(...)
    assert "no answer yet" in capsys.readouterr().out
    assert getattr(answers, name)(SOLUTIONS[name]) is None
    assert ": right" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer", "told"), SLIPS)
def test_a_slip_is_named(name, answer, told, capsys):
    getattr(answers, name)(answer)
    said = capsys.readouterr().out
    assert "not yet" in said and told in said
