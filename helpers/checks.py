"""Argument checks that say which argument is wrong, what it takes and what it got.

Every public function of `helpers` calls these before it computes anything, so that nonsense is refused at
the door with a ``ValueError`` and never turns up later as a strange picture. Each check returns the value
in the form that the caller computes with.
"""

import numbers

import numpy as np


def describe(value):
    """A short, readable form of any value for an error message; a string keeps its quotes."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}" if value.size > 6 else f"array {value.tolist()!r}"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def fail(name, takes, got):
    """Raise the ValueError that all checks raise: ``name: must be <takes>, got <got>``.

    `got` is printed as it stands if it is a string; so a value that may itself be one goes through `describe` first.
    """
    raise ValueError(f"{name}: must be {takes}, got {got if isinstance(got, str) else describe(got)}")


def _range_text(minimum, maximum, above, below):
    parts = []
    if minimum is not None:
        parts.append(f">= {minimum:g}")
    if above is not None:
        parts.append(f"> {above:g}")
    if maximum is not None:
        parts.append(f"<= {maximum:g}")
    if below is not None:
        parts.append(f"< {below:g}")
    return " and ".join(parts)


def _outside(value, minimum, maximum, above, below):
    return bool(
        (minimum is not None and np.any(value < minimum))
        or (maximum is not None and np.any(value > maximum))
        or (above is not None and np.any(value <= above))
        or (below is not None and np.any(value >= below))
    )


def number(name, value, minimum=None, maximum=None, above=None, below=None):
    """One finite real number within the given bounds, as a float."""
    takes = " ".join(("a finite number", _range_text(minimum, maximum, above, below))).strip()
    plain = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    if isinstance(plain, bool) or not isinstance(plain, numbers.Real):
        fail(name, takes, describe(value))
    try:
        result = float(plain)
    except OverflowError:  # a whole number or a fraction beyond 1.8e308
        fail(name, takes, describe(value))
    if not np.isfinite(result) or _outside(result, minimum, maximum, above, below):
        fail(name, takes, describe(value))
    return result


def numbers_or_array(name, value, minimum=None, maximum=None, above=None, below=None):
    """A finite number, or an array of them for a sweep over many runs: a float or a float64 array."""
    if not isinstance(value, list | tuple) and np.ndim(value) == 0:  # np.ndim trips over a list of ragged shape
        return number(name, value, minimum, maximum, above, below)
    takes = " ".join(("finite numbers", _range_text(minimum, maximum, above, below))).strip()
    array = real_array(name, value, takes)
    if array.size == 0:
        fail(name, takes, "an empty array")
    if not np.all(np.isfinite(array)):
        fail(name, takes, "an array holding NaN or infinity")
    if _outside(array, minimum, maximum, above, below):
        fail(name, takes, f"values from {array.min():g} to {array.max():g}")
    return array


def integer(name, value, minimum=None, maximum=None):
    """One whole number within the given bounds, as an int."""
    takes = " ".join(("a whole number", _range_text(minimum, maximum, None, None))).strip()
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        fail(name, takes, describe(value))
    if _outside(value, minimum, maximum, None, None):
        fail(name, takes, describe(value))
    return int(value)


def choice(name, value, options):
    """One of the names in `options` (a sequence or a dict); for a dict its entry is returned, else the name."""
    try:
        known = value in options
    except (TypeError, ValueError):  # an unhashable value asked of a dict; an array, equal to a name here and there
        known = False
    if not known:
        fail(name, "one of " + ", ".join(repr(option) for option in options), describe(value))
    return options[value] if isinstance(options, dict) else value


def function(name, value, takes="a function"):
    """Something that can be called."""
    if not callable(value):
        fail(name, takes, describe(value))
    return value


def real_array(name, value, takes):
    """A new float64 array of whatever shape, made of numbers only: neither booleans nor text nor complex numbers."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        fail(name, takes, describe(value))


def finite_array(name, value, ndim=None, shape=None):
    """A finite float64 array, of `ndim` dimensions or exactly of `shape` where one is given."""
    takes = "an array of finite numbers"
    if shape is not None:
        takes += f" of shape {tuple(shape)}"
    elif ndim is not None:
        takes += f" with {ndim} dimension{'s' if ndim != 1 else ''}"
    array = real_array(name, value, takes)
    if (ndim is not None and array.ndim != ndim) or (shape is not None and array.shape != tuple(shape)):
        fail(name, takes, f"shape {array.shape}")
    if not np.all(np.isfinite(array)):
        fail(name, takes, "an array holding NaN or infinity")
    return array


def fits(shape, batch):
    """Whether an array of this shape broadcasts against the axes `batch` without adding to them."""
    try:
        return np.broadcast_shapes(shape, batch) == tuple(batch)
    except ValueError:
        return False


def parameters(name, theta, dimension=None, finite=False):
    """Parameters as a float64 array of shape (..., n), n = `dimension` where it is given.

    With ``finite=True`` (the start of a run) NaN and infinity are refused; without it (a point on the way of a run
    that diverges) they pass.
    """
    shape = "(..., n)" if dimension is None else f"(..., {dimension})"
    takes = f"an array of {'finite ' if finite else ''}numbers of shape {shape}"
    array = real_array(name, theta, takes)
    if array.ndim == 0 or array.shape[-1] == 0 or (dimension is not None and array.shape[-1] != dimension):
        fail(name, takes, f"shape {array.shape}")
    if finite and not np.all(np.isfinite(array)):
        fail(name, takes, f"{describe(array)} holding NaN or infinity")
    return array
