"""Theory beside measurement: the rows under every figure, as a table, as text, and as a check that holds them
together.
"""

import html
from dataclasses import dataclass
from numbers import Real

import numpy as np

from helpers import checks


@dataclass(frozen=True)
class Row:
    """One number, computed two ways.

    Attributes:
        name: what it is.
        theory, measured: numbers, or text where there is no number ("diverged at step 7"); None where there is
            nothing to say.
        rtol, atol: how far they may be apart: |measured − theory| <= atol + rtol·|theory|. Both None: not compared.
    """

    name: str
    theory: object = None
    measured: object = None
    rtol: float | None = None
    atol: float | None = None

    @property
    def compared(self):
        """Whether this row states a tolerance."""
        return self.rtol is not None or self.atol is not None

    @property
    def agrees(self):
        """Whether theory and measurement are both numbers and within the tolerance."""
        if not (isinstance(self.theory, Real) and isinstance(self.measured, Real)):
            return False
        return bool(abs(self.measured - self.theory) <= (self.atol or 0) + (self.rtol or 0) * abs(self.theory))

    @property
    def tolerance(self):
        """The stated tolerance in words."""
        parts = [f"{100 * self.rtol:g} %"] if self.rtol is not None else []
        return " + ".join(parts + ([f"{self.atol:g}"] if self.atol is not None else []))


def number_text(value):
    """A number in four significant digits, text as it is, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, Real):
        if not np.isfinite(value):
            return "–" if np.isnan(value) else ("∞" if value > 0 else "−∞")
        if 0 < abs(value) < 1e-13:
            return "0 (to rounding)"  # its digits differ from machine to machine
        return f"{value:.4g}".replace("-", "−")
    return str(value)


def as_html(rows):
    """The table under the figure."""
    if not rows:
        return ""
    cells = "".join(
        f"<tr><td>{html.escape(row.name)}</td><td>{html.escape(number_text(row.theory))}</td>"
        f"<td>{html.escape(number_text(row.measured))}</td></tr>"
        for row in rows
    )
    return f"<table><tr><th></th><th scope='col'>theory</th><th scope='col'>measured</th></tr>{cells}</table>"


def as_text(rows):
    """The same as lines of text."""
    return "\n".join(
        f"{row.name}: theory {number_text(row.theory)} | measured {number_text(row.measured)}" for row in rows
    )


def hold(rows):
    """Print every row that states a tolerance, and raise AssertionError if one is outside of it.

    Raises: AssertionError naming the row; ValueError if no row states a tolerance, since then nothing would be held.
    """
    compared = [row for row in rows if row.compared]
    if not compared:
        checks.fail("rows", "rows of which at least one states a tolerance", f"{len(rows)} without")
    for row in compared:
        verdict = "agree" if row.agrees else "DO NOT AGREE"
        print(
            f"{row.name}: theory {number_text(row.theory)}, measured {number_text(row.measured)}: "
            f"{verdict} within {row.tolerance}"
        )
    wrong = [row.name for row in compared if not row.agrees]
    if wrong:
        raise AssertionError(f"theory and measurement do not agree: {'; '.join(wrong)}")
