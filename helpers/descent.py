"""One loop for every method and every cost: run it, keep the trajectory."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from helpers import checks
from helpers.clipping import clip_by_norm, clip_by_value
from helpers.optimizers import METHODS


@dataclass(frozen=True, eq=False)  # a comparison of arrays has no single answer
class Trajectory:
    """What a run of an optimizer left behind. T = the number of recorded states after the start.

    Attributes:
        steps: the step after which each state was recorded, shape (T+1,), from 0, the start.
        theta: the parameters, shape (T+1, ..., n).
        loss: the cost there, shape (T+1, ...).
        diverged_at: the first step with a non-finite parameter (or recorded step with a non-finite cost), shape
            (...); −1 in a run that stayed finite. From that step on the run's records are NaN.
        variables: every other state variable of the method by its name, each of shape (T+1, ..., n), or (T+1, ...) and
            (T+1, ..., n, n) for those of second-order methods that are a number or a matrix; row 0 is NaN, since no
            step had been made. They are attributes too: trajectory.velocity.
    """

    steps: np.ndarray
    theta: np.ndarray
    loss: np.ndarray
    diverged_at: np.ndarray
    variables: dict

    def __getattr__(self, name):
        variables = self.__dict__.get("variables", {})
        if name in variables:
            return variables[name]
        raise AttributeError(f"Trajectory has no {name!r}; this method recorded: theta, loss, {', '.join(variables)}")

    @property
    def diverged(self):
        """Whether each run diverged, shape (...)."""
        return self.diverged_at >= 0


def descend(method, landscape, start, num_steps, *, record_every=1, keep=None, max_norm=None, max_value=None,
            **hyper_parameters):  # fmt: skip
    """Run a method down a landscape from a start point and record it.

    Arguments:
        method: one of helpers.optimizers or helpers.second_order, or the name of one of the former. A method with the
            attribute needs = "landscape" is handed the landscape, all others its gradient.
        landscape: anything with loss(theta), gradient(theta) and dimension: a Landscape, or the cost of a network.
        start: shape (..., n); leading axes are independent runs.
        num_steps: >= 1.
        record_every: >= 1; the start, every record_every-th state and the last one are kept.
        keep: names of the state variables to record besides theta; None: all of them.
        max_norm: clip the gradient to this norm; max_value: clip its elements; > 0, a number or an array that
            broadcasts like a hyper-parameter. At most one of them, and only for a method that follows the gradient.
        hyper_parameters: handed to the method; arrays broadcast against the leading axes of start.

    Returns: a Trajectory. Divergence is a result, neither warning nor exception.
    Raises: ValueError for an unknown method or hyper-parameter, a value out of range, a start that is not finite or
        does not fit the landscape.
    Source: Goodfellow et al. 2016, algorithms 8.1 to 8.7 share this loop.
    """
    method = method if callable(method) else checks.choice("method", method, METHODS)
    has_functions = all(callable(getattr(landscape, name, None)) for name in ("loss", "gradient"))
    if not (has_functions and hasattr(landscape, "dimension")):
        takes = "an object with loss(theta), gradient(theta) and dimension"
        checks.fail("landscape", takes, checks.describe(landscape))
    start = checks.parameters("start", start, landscape.dimension, finite=True)
    num_steps = checks.integer("num_steps", num_steps, minimum=1)
    record_every = checks.integer("record_every", record_every, minimum=1)
    if getattr(method, "needs", "gradient") == "landscape":
        if max_norm is not None or max_value is not None:
            takes = "left out: this method takes the whole landscape, its gradient cannot be clipped"
            checks.fail("max_norm" if max_value is None else "max_value", takes, "a bound")
        states = method(landscape, start, **hyper_parameters)
    else:
        gradient, start = _clipped(landscape.gradient, start, max_norm, max_value)
        states = method(gradient, start, **hyper_parameters)

    steps = np.append(np.arange(0, num_steps, record_every), num_steps)
    rows = {step: row for row, step in enumerate(steps.tolist())}
    records, diverged_at = None, None
    with np.errstate(all="ignore"):
        for step, state in enumerate(islice(states, num_steps), start=1):
            if records is None:
                kept = _kept(keep, state._fields)
                records = {state._fields[i]: np.full((len(steps), *np.shape(state[i])), np.nan) for i in kept}
                records["theta"][0] = start
                diverged_at = np.full(state.theta.shape[:-1], -1)
            if not np.isfinite(np.add.reduce(state.theta, axis=None)):  # cheap: one number to look at
                diverged_at[(diverged_at < 0) & ~np.isfinite(state.theta).all(axis=-1)] = step
                if np.all(diverged_at >= 0):
                    break
            row = rows.get(step)
            if row is not None:
                for record, i in zip(records.values(), kept, strict=True):
                    record[row] = state[i]

    with np.errstate(all="ignore"):
        loss = checks.real_array("landscape", landscape.loss(records["theta"]), "an object whose loss gives numbers")
    if loss.shape != records["theta"].shape[:-1]:
        takes = "an object whose loss(theta) has the shape of theta without its last axis"
        checks.fail("landscape", takes, f"shape {loss.shape} for theta of shape {records['theta'].shape}")
    _blank_after_divergence(steps, records, loss, diverged_at)
    theta = records.pop("theta")
    return Trajectory(steps, theta, loss, diverged_at, records)


def _kept(keep, fields):
    """The places in a state of what is to be recorded."""
    for name in fields if keep is None else keep:
        checks.choice("keep", name, fields)
    return [i for i, name in enumerate(fields) if keep is None or name in keep or name == "theta"]


def _clipped(gradient, start, max_norm, max_value):
    """The gradient as it is to be followed, and the start with an axis for every axis of the bound."""
    if max_norm is None and max_value is None:
        return gradient, start
    if max_norm is not None and max_value is not None:
        takes = "left out where max_norm is given: clip one way or the other"
        checks.fail("max_value", takes, checks.describe(max_value))
    clip, name = (clip_by_norm, "max_norm") if max_value is None else (clip_by_value, "max_value")
    bound = checks.numbers_or_array(name, max_norm if max_value is None else max_value, above=0)
    try:
        batch = np.broadcast_shapes(start.shape[:-1], np.shape(bound))
    except ValueError:
        takes = f"of a shape that broadcasts with the leading axes {start.shape[:-1]} of start"
        checks.fail(name, takes, f"shape {bound.shape}")
    return lambda theta: clip(gradient(theta), bound), np.broadcast_to(start, (*batch, start.shape[-1]))


def _blank_after_divergence(steps, records, loss, diverged_at):
    """Set every record of a run to NaN from its first non-finite parameter or cost on (in place)."""
    overflow = ~np.isfinite(loss)  # where θ is NaN too, so is the cost
    first = np.where(overflow.any(axis=0), steps[overflow.argmax(axis=0)], -1)
    earlier = (first >= 0) & ((diverged_at < 0) | (first < diverged_at))
    diverged_at[earlier] = first[earlier]
    gone = (diverged_at >= 0) & (steps.reshape(-1, *[1] * diverged_at.ndim) >= diverged_at)
    loss[gone] = np.nan
    for record in records.values():
        record[gone] = np.nan
