"""Exercises that check themselves and say *what* is off, not only that something is.

A lesson's exercises stand in a module of their own (`helpers.answers_8_3`), one function each, so that the notebook
does not show the solution beside the
question. An exercise that was not touched yet (its answer is still ``...``) says so and is no error.
"""

from numbers import Real

import numpy as np

from helpers import checks
from helpers.readout import number_text


def _untouched(name, answer):
    if answer is ...:
        print(f"{name}: no answer yet. Put yours in the place of the three dots and run the cell again.")
        return True
    return False


def number(name, answer, expected, rtol=0.01, slips=None):
    """Check a number, to within `rtol` of `expected`; print the verdict and return whether it is right (None: not
    answered).

    Arguments: slips: dict {wrong number: what leads to it}; an answer near one of them is told which.
    """
    if _untouched(name, answer):
        return None
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    try:
        finite = not isinstance(answer, bool) and isinstance(answer, Real) and np.isfinite(float(answer))
    except OverflowError:  # a whole number beyond floating point
        finite = False
    if not finite:
        print(f"{name}: the answer should be a finite number, this is {checks.describe(answer)}.")
        return False
    if abs(answer - expected) <= rtol * abs(expected):
        print(f"{name}: right, {number_text(expected)}.")
        return True
    for wrong, reason in (slips or {}).items():
        if abs(answer - wrong) <= rtol * max(abs(wrong), 1e-12):
            print(f"{name}: not yet. {reason}")
            return False
    if answer * expected < 0:
        print(f"{name}: not yet. The sign is the other one.")
    else:
        ratio = answer / expected if expected else np.inf
        size = f"{ratio:.3g} times too large" if ratio > 1 else f"too small, {ratio:.3g} of what it should be"
        print(f"{name}: not yet. {number_text(answer)} is {size}.")
    return False


def pick(name, answer, right, reasons):
    """Check a choice: `right` is the right one, `reasons` a dict {choice: why it is right or wrong}."""
    if _untouched(name, answer):
        return None
    if not isinstance(answer, str) or answer not in reasons:
        print(f"{name}: choose one of {', '.join(repr(key) for key in reasons)}, this is {checks.describe(answer)}.")
        return False
    print(f"{name}: {'right' if answer == right else 'not yet'}. {reasons[answer]}")
    return answer == right


def function(name, answer, reference, cases, slips=None, rtol=1e-9):
    """Check a function against a reference on several cases (tuples of arguments); say at which case it first goes
    wrong.

    Arguments: slips: dict {what was probably done: function that does it wrongly}; one that gives the reader's
    values on all cases is
    named.
    """
    if _untouched(name, answer):
        return None
    if not callable(answer):
        print(f"{name}: the answer should be a function, this is {checks.describe(answer)}.")
        return False
    given = []
    for case in cases:
        try:
            value = answer(*(argument.copy() if isinstance(argument, np.ndarray) else argument for argument in case))
        except Exception as error:
            print(f"{name}: not yet. {_call(case)} raised {type(error).__name__}: {error}")
            return False
        if value is None or value is ...:
            missing = "nothing: is there a return?" if value is None else "three dots: put your answer behind return."
            print(f"{name}: not yet. The function returns {missing}")
            return False
        try:
            given.append(np.asarray(value, dtype=float))
        except (TypeError, ValueError):
            print(f"{name}: not yet. {_call(case)} should return numbers, it gave {checks.describe(value)}.")
            return False
    if _matches(given, reference, cases, rtol):
        print(f"{name}: right, in all {len(cases)} cases.")
        return True
    for reason, wrong in (slips or {}).items():
        if _matches(given, wrong, cases, rtol):
            print(f"{name}: not yet. {reason}")
            return False
    for case, value in zip(cases, given, strict=True):
        expected = np.asarray(reference(*case), dtype=float)
        if value.shape != expected.shape:
            print(f"{name}: not yet. {_call(case)} should have shape {expected.shape}, it has {value.shape}.")
            return False
        if not np.allclose(value, expected, rtol=rtol, atol=1e-12):
            print(f"{name}: not yet. {_call(case)} should be {_short(expected)}, it is {_short(value)}.")
            return False
    return False


def _matches(given, reference, cases, rtol):
    expected = [np.asarray(reference(*case), dtype=float) for case in cases]
    return all(
        v.shape == e.shape and np.allclose(v, e, rtol=rtol, atol=1e-12) for v, e in zip(given, expected, strict=True)
    )


def _short(value):
    return np.array2string(np.asarray(value), precision=6, separator=", ")


def _call(case):
    return "f(" + ", ".join(_short(a) if isinstance(a, np.ndarray) else f"{a}" for a in case) + ")"
