"""What the methods of `helpers.second_order` have in common: how they are called, checked and stepped.

They need more of a landscape than its gradient, so they are called with the landscape itself; the attribute
`needs = "landscape"` tells `helpers.descent.descend` so.
"""

import functools
import inspect

import numpy as np

from helpers import checks
from helpers.line_search import SEARCHES, Objective, dot

_NUMBERS = {
    "damping": {"minimum": 0},
    "learning_rate": {"minimum": 0},
    "initial_step": {"above": 0},
    "sufficient_decrease": {"above": 0, "below": 1},
    "curvature": {"above": 0, "below": 1},
}
_WHOLE = {"memory": 1, "restart_every": 1}
_CHOICES = {
    "line_search": SEARCHES,
    "beta": ("fletcher_reeves", "polak_ribiere", "polak_ribiere+"),
}


def method(steps):
    """Make a public method of a generator that holds the bare rule; all arguments are checked at the call.

    The generator gets an Objective, an array theta of the full shape, and its hyper-parameters: numbers and arrays of
    the shape of the leading axes.
    """
    signature = inspect.signature(steps)
    names = [name for name in signature.parameters if name not in ("landscape", "theta")]

    @functools.wraps(steps)
    def public(landscape, theta, **hyper_parameters):
        theta = checks.parameters("theta", theta, getattr(landscape, "dimension", None), finite=True)
        for name in hyper_parameters:
            if name not in names:
                takes = f"a hyper-parameter of {steps.__name__} ({', '.join(names)})"
                checks.fail(name, takes, f"the unknown name {name!r}")
        values = {name: signature.parameters[name].default for name in names} | hyper_parameters
        values = {name: _checked(name, value) for name, value in values.items()}
        batch = theta.shape[:-1]
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                try:
                    batch = np.broadcast_shapes(batch, value.shape)
                except ValueError:
                    checks.fail(name, f"of a shape that broadcasts with {batch}, the leading axes of theta and of the"
                                " hyper-parameters before it", f"shape {value.shape}")  # fmt: skip
        c1, c2 = values.get("sufficient_decrease"), values.get("curvature")
        if c1 is not None and c2 is not None and np.any(np.asarray(c1) >= c2):
            checks.fail("curvature", "> sufficient_decrease", checks.describe(c2))
        values = {n: np.broadcast_to(v, batch) if isinstance(v, np.ndarray) else v for n, v in values.items()}
        shape = (*batch, theta.shape[-1])
        return _quiet(steps(Objective(landscape, shape), np.array(np.broadcast_to(theta, shape)), **values))

    public.needs = "landscape"
    return public


def _checked(name, value):
    if name in _WHOLE:
        return None if value is None and name == "restart_every" else checks.integer(name, value, _WHOLE[name])
    if name in _CHOICES:
        return checks.choice(name, value, (*_CHOICES[name], None) if value is None else _CHOICES[name])
    return checks.numbers_or_array(name, value, **_NUMBERS[name])


def _quiet(states):
    """Run a generator with NumPy's floating point warnings off, and on again between its steps."""
    while True:
        with np.errstate(all="ignore"):
            state = next(states)
        yield state


def where_runs(condition, yes, no):
    """np.where over the runs, for values with further axes: condition (...), yes and no (..., n) or (..., n, n)."""
    yes, no = np.asarray(yes), np.asarray(no)
    ndim = max(yes.ndim, no.ndim) - np.ndim(condition)
    return np.where(np.reshape(condition, np.shape(condition) + (1,) * ndim), yes, no)


def first_trial(gradient):
    """The first step size to try when nothing is known: a step of length 1, or the whole gradient if it is shorter."""
    length = np.sqrt(dot(gradient, gradient))
    return no_rest(np.where(length > 1, 1 / np.where(length > 1, length, 1.0), 1.0))


def no_rest(step_size):
    """Step sizes that a search may start from: 1 in place of 0 and of what is not finite."""
    return np.where(np.isfinite(step_size) & (step_size > 0), step_size, 1.0)


def next_trial(lowered, slope):
    """The step size that lowers the cost as much as the last step did, were the cost quadratic: 2 Δφ / φ'(0).

    Source: Nocedal & Wright 2006, equation 3.60.
    """
    return no_rest(2.02 * lowered / slope)
