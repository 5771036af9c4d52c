"""Theory beside measurement."""

import numpy as np
import pytest

from helpers import readout
from helpers.readout import Row


@pytest.mark.parametrize("measured", [None, np.nan, "diverged at step 3", 1.02])
def test_hold_raises_for_whatever_is_not_close(measured):
    with pytest.raises(AssertionError, match="rate"):
        readout.hold([Row("rate", 1.0, measured, rtol=0.01)])


def test_hold_needs_something_to_hold():
    with pytest.raises(ValueError, match="tolerance"):
        readout.hold([Row("rate", 1.0, 1.0)])


def test_row_within_its_tolerance_agrees():
    readout.hold([Row("rate", 2.0, 2.019, rtol=0.01), Row("rest", 0.0, 1e-9, atol=1e-8)])
    assert Row("rate", 2.0, 2.021, rtol=0.01).agrees is False


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (np.nan, "–"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (True, "yes"),
        (12345, "12,345"),
        (-0.5, "−0.5"),
        ("at 3", "at 3"),
    ],
)
def test_numbers_read_well(value, text):
    assert readout.number_text(value) == text


def test_table_escapes_what_it_shows():
    assert "<td>a &lt; b</td><td>1</td><td>–</td>" in readout.as_html([Row("a < b", 1)])
    assert readout.as_html([]) == ""
