"""The first-order methods of chapter 8, each a generator that reads as the book's pseudo-code.

    for state in momentum(gradient, theta, learning_rate=0.02, momentum=0.9):
        state.theta, state.velocity

A method never ends by itself: take as many states as you want (`helpers.descent.descend` takes num_steps).
Common to all:

- `gradient` is called once per step, in order, so it may draw a new minibatch each time.
- `theta` has shape (..., n): leading axes are independent runs. The hyper-parameters are numbers or arrays that
  broadcast against those leading axes (so a sweep is one run); learning_rate and momentum may also be functions of
  k = 0, 1, 2, ..., the number of steps made before.
- ranges: learning_rate >= 0; momentum, rho, beta1, beta2 in [0, 1); delta >= 0. Anything else raises ValueError at the
  call (what a schedule returns later on: at that step).
- a run that diverges goes on to infinity and NaN in silence.
- `state.gradient` is the gradient that the step used.
"""

import functools
import inspect
from itertools import count
from typing import NamedTuple

import numpy as np

from helpers import checks

_RANGES = {
    "learning_rate": {"minimum": 0},
    "momentum": {"minimum": 0, "below": 1},
    "rho": {"minimum": 0, "below": 1},
    "beta1": {"minimum": 0, "below": 1},
    "beta2": {"minimum": 0, "below": 1},
    "delta": {"minimum": 0},
}
_SCHEDULED = ("learning_rate", "momentum")  # may change with the step


def _method(steps):
    """Make a public method of a generator that holds the bare update rule.

    The generator gets an array theta of the full shape, learning_rate and momentum as functions of k, and all other
    hyper-parameters ready to be multiplied with theta. Every argument is checked here, at the call and not at the
    first step.
    """
    signature = inspect.signature(steps)
    names = [name for name in signature.parameters if name not in ("gradient", "theta")]

    @functools.wraps(steps)
    def method(gradient, theta, **hyper_parameters):
        checks.function("gradient", gradient, "a function of theta")
        theta = checks.parameters("theta", theta, finite=True)
        for name in hyper_parameters:
            if name not in names:
                takes = f"a hyper-parameter of {steps.__name__} ({', '.join(names)})"
                checks.fail(name, takes, f"the unknown name {name!r}")
        values = {}
        for name in names:
            value = hyper_parameters.get(name, signature.parameters[name].default)
            if value is inspect.Parameter.empty:
                checks.fail(name, f"given: {steps.__name__} has no default for it", "nothing")
            values[name] = _checked(name, value)

        batch = theta.shape[:-1]
        for name, value in values.items():
            size = np.shape(value(0) if callable(value) else value)
            try:
                batch = np.broadcast_shapes(batch, size)
            except ValueError:
                checks.fail(name, f"of a shape that broadcasts with {batch}, the leading axes of theta and of the"
                            " hyper-parameters before it", f"shape {size}")  # fmt: skip
        shape = (*batch, theta.shape[-1])
        values = {name: _expanded(name, value, shape) for name, value in values.items()}

        takes = f"a function that returns numbers of shape {shape}, like theta"

        def checked_gradient(point):
            g = checks.real_array("gradient", gradient(point), takes)  # a copy: the function may reuse its buffer
            if g.shape != shape:
                checks.fail("gradient", takes, f"shape {g.shape}")
            return g

        # Some rules need the shape only, not the values: they start from a copy that is theirs alone.
        return _quiet(steps(checked_gradient, np.array(np.broadcast_to(theta, shape)), **values))

    return method


def _checked(name, value):
    if isinstance(value, bool | np.bool_) and name not in _RANGES:
        return bool(value)
    if name not in _RANGES:
        checks.fail(name, "True or False", checks.describe(value))
    if callable(value) and name in _SCHEDULED:
        return lambda k: checks.numbers_or_array(f"{name}({k})", value(k), **_RANGES[name])
    return checks.numbers_or_array(name, value, **_RANGES[name])


def _expanded(name, value, shape):
    """A hyper-parameter ready for the update rule: arrays get the axis of the parameters."""
    if callable(value):
        return lambda k: _fitting(f"{name}({k})", np.asarray(value(k)), shape[:-1])[..., None]
    if np.ndim(value):
        # Written out in full: NumPy broadcasts an axis of two parameters many times slower than it multiplies.
        value = np.ascontiguousarray(np.broadcast_to(value[..., None], shape))
    return (lambda k: value) if name in _SCHEDULED else value


def _fitting(name, value, batch):
    """What a schedule returned, refused if it would give the run more axes than it had at the first step."""
    if value.ndim and not checks.fits(value.shape, batch):
        checks.fail(name, f"of a shape that broadcasts to {batch}, as at the first step", f"shape {value.shape}")
    return value


def _quiet(states):
    """Run a generator with NumPy's floating point warnings off, and on again between its steps."""
    while True:
        with np.errstate(all="ignore"):
            state = next(states)
        yield state


class SGDState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray


class MomentumState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    velocity: np.ndarray


class NesterovState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    velocity: np.ndarray
    lookahead: np.ndarray  # the interim point at which the gradient was taken


class AccumulatorState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    accumulator: np.ndarray
    effective_rate: np.ndarray  # what each component of the gradient was multiplied by


class RMSPropNesterovState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    accumulator: np.ndarray
    velocity: np.ndarray
    lookahead: np.ndarray
    effective_rate: np.ndarray


class AdaDeltaState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    accumulator: np.ndarray
    step_accumulator: np.ndarray
    effective_rate: np.ndarray


class AdamState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    first_moment: np.ndarray
    second_moment: np.ndarray
    corrected_first_moment: np.ndarray
    corrected_second_moment: np.ndarray
    effective_rate: np.ndarray


@_method
def sgd(gradient, theta, *, learning_rate):
    """Stochastic gradient descent: a step against the gradient.

    Rule: θ ← θ − ε g.

    Yields: theta, gradient; each of shape (..., n).
    Source: Goodfellow et al. 2016, algorithm 8.1.
    Elsewhere: PyTorch SGD(lr), Keras SGD(learning_rate), Optax sgd(learning_rate): the same.
    """
    for k in count():
        g = gradient(theta)
        theta = theta - learning_rate(k) * g
        yield SGDState(theta, g)


@_method
def momentum(gradient, theta, *, learning_rate, momentum=0.9):
    """SGD with momentum: a ball with friction, whose velocity is a decaying sum of the past steps.

    Rule: v ← α v − ε g;  θ ← θ + v;  v starts at 0.

    Yields: theta, gradient, velocity.
    Source: Goodfellow et al. 2016, algorithm 8.2, equations 8.15 and 8.16; Polyak 1964.
    Elsewhere: Keras SGD(learning_rate, momentum) is this rule. PyTorch SGD(lr, momentum) and Optax sgd or trace keep
        b ← α b + g and step by −ε b: the same path while ε is constant (v = −ε b); after a change of ε theirs rescales
        the whole velocity at once: it is this rule with α ε_k/ε_{k−1} for α. PyTorch's dampening=d multiplies g by
        1 − d in b (but not in its first step).
    """
    velocity = np.zeros_like(theta)
    for k in count():
        g = gradient(theta)
        velocity = momentum(k) * velocity - learning_rate(k) * g
        theta = theta + velocity
        yield MomentumState(theta, g, velocity)


@_method
def nesterov(gradient, theta, *, learning_rate, momentum=0.9):
    """SGD with Nesterov momentum: first look where the velocity leads, then correct it by the gradient found there.

    Rule: θ̃ = θ + α v;  v ← α v − ε g(θ̃);  θ ← θ + v;  v starts at 0.

    Yields: theta, gradient (at the interim point), velocity, lookahead (the interim point θ̃).
    Source: Goodfellow et al. 2016, algorithm 8.3, equations 8.21 and 8.22; Sutskever et al. 2013.
    Elsewhere: PyTorch SGD(nesterov=True), Keras SGD(nesterov=True) and Optax sgd(nesterov=True) keep the interim point
        as their parameters: theirs after k steps is θ_k + α v_k of this rule (ε and α constant).
    """
    velocity = np.zeros_like(theta)
    for k in count():
        lookahead = theta + momentum(k) * velocity
        g = gradient(lookahead)
        velocity = momentum(k) * velocity - learning_rate(k) * g
        theta = theta + velocity
        yield NesterovState(theta, g, velocity, lookahead)


@_method
def adagrad(gradient, theta, *, learning_rate, delta=1e-7):
    """AdaGrad: each coordinate's rate falls with the root of the sum of all its squared gradients.

    Rule: r ← r + g⊙g;  θ ← θ − ε/(δ + √r) ⊙ g;  r starts at 0.

    Yields: theta, gradient, accumulator (r), effective_rate (ε/(δ + √r)).
    Source: Goodfellow et al. 2016, algorithm 8.4; Duchi et al. 2011.
    Elsewhere: PyTorch Adagrad(lr, eps=1e-10), eps outside the root as here. Keras Adagrad and Optax adagrad start r at
        0.1, with their 1e-7 inside the root.
    """
    accumulator = np.zeros_like(theta)
    for k in count():
        g = gradient(theta)
        accumulator = accumulator + g * g
        rate = learning_rate(k) / (delta + np.sqrt(accumulator))
        theta = theta - rate * g
        yield AccumulatorState(theta, g, accumulator, rate)


@_method
def rmsprop(gradient, theta, *, learning_rate, rho=0.9, delta=1e-6):
    """RMSProp: AdaGrad with a memory that fades, an exponentially decaying average in place of the sum.

    Rule: r ← ρ r + (1 − ρ) g⊙g;  θ ← θ − ε/√(δ + r) ⊙ g;  r starts at 0.

    Yields: theta, gradient, accumulator (r), effective_rate (ε/√(δ + r)).
    Source: Goodfellow et al. 2016, algorithm 8.5; Hinton 2012 (lecture 6).
    Elsewhere: PyTorch RMSprop(lr, alpha=ρ=0.99, eps=1e-8) has √r + eps, outside the root; Keras RMSprop(rho=0.9,
        epsilon=1e-7) and Optax rmsprop(decay=0.9, eps=1e-8) inside, as here.
    """
    accumulator = np.zeros_like(theta)
    for k in count():
        g = gradient(theta)
        accumulator = rho * accumulator + (1 - rho) * g * g
        rate = learning_rate(k) / np.sqrt(delta + accumulator)
        theta = theta - rate * g
        yield AccumulatorState(theta, g, accumulator, rate)


@_method
def rmsprop_nesterov(gradient, theta, *, learning_rate, momentum=0.9, rho=0.9, delta=1e-6):
    """RMSProp with Nesterov momentum.

    Rule: θ̃ = θ + α v;  r ← ρ r + (1 − ρ) g⊙g with g = g(θ̃);  v ← α v − ε/√(δ + r) ⊙ g;  θ ← θ + v;  r and v start at 0.
    (The book prints this algorithm without δ, which divides 0 by 0 where a gradient is 0; δ = 0 gives its rule.)

    Yields: theta, gradient, accumulator (r), velocity, lookahead, effective_rate.
    Source: Goodfellow et al. 2016, algorithm 8.6.
    Elsewhere: PyTorch RMSprop(momentum=α) and Keras RMSprop(momentum=α) take the gradient at θ, not at θ̃, and PyTorch
        keeps b = −v/ε; Optax rmsprop(nesterov=True) keeps the interim point as its parameters.
    """
    accumulator = np.zeros_like(theta)
    velocity = np.zeros_like(theta)
    for k in count():
        lookahead = theta + momentum(k) * velocity
        g = gradient(lookahead)
        accumulator = rho * accumulator + (1 - rho) * g * g
        rate = learning_rate(k) / np.sqrt(delta + accumulator)
        velocity = momentum(k) * velocity - rate * g
        theta = theta + velocity
        yield RMSPropNesterovState(theta, g, accumulator, velocity, lookahead, rate)


@_method
def adadelta(gradient, theta, *, learning_rate=1.0, rho=0.95, delta=1e-6):
    """AdaDelta: the steps take their units from the average of the past steps, so no rate has to be chosen.

    Rule: r ← ρ r + (1 − ρ) g⊙g;  Δ = −√(δ + u)/√(δ + r) ⊙ g;  u ← ρ u + (1 − ρ) Δ⊙Δ;  θ ← θ + ε Δ;  r and u start at 0.
    Zeiler's method is ε = 1.

    Yields: theta, gradient, accumulator (r), step_accumulator (u after the step), effective_rate (ε √(δ + u)/√(δ + r)).
    Source: Zeiler 2012, algorithm 1; named in Goodfellow et al. 2016, section 8.5.4.
    Elsewhere: PyTorch Adadelta(lr=1, rho=0.9, eps=1e-6) is this rule; Keras defaults to a rate of 0.001.
    """
    accumulator = np.zeros_like(theta)
    step_accumulator = np.zeros_like(theta)
    for k in count():
        g = gradient(theta)
        accumulator = rho * accumulator + (1 - rho) * g * g
        ratio = np.sqrt(delta + step_accumulator) / np.sqrt(delta + accumulator)
        step_accumulator = rho * step_accumulator + (1 - rho) * (ratio * g) ** 2
        rate = learning_rate(k) * ratio
        theta = theta - rate * g
        yield AdaDeltaState(theta, g, accumulator, step_accumulator, rate)


@_method
def adam(gradient, theta, *, learning_rate=0.001, beta1=0.9, beta2=0.999, delta=1e-8, bias_correction=True):
    """Adam: momentum on the gradient, RMSProp's scaling, and both averages corrected for their start at 0.

    Rule, with t = 1, 2, ...: s ← ρ₁ s + (1 − ρ₁) g;  r ← ρ₂ r + (1 − ρ₂) g⊙g;  ŝ = s/(1 − ρ₁ᵗ);  r̂ = r/(1 − ρ₂ᵗ);
    θ ← θ − ε ŝ/(√r̂ + δ). bias_correction=False leaves ŝ = s and r̂ = r. (beta1, beta2 are the book's ρ₁, ρ₂.)

    Yields: theta, gradient, first_moment (s), second_moment (r), the two corrected_..., effective_rate (ε/(√r̂ + δ)).
    Source: Goodfellow et al. 2016, algorithm 8.7; Kingma & Ba 2015.
    Elsewhere: PyTorch Adam(lr, betas, eps) and Optax adam are this rule; Keras Adam puts its epsilon=1e-7 beside √r
        before the correction.
    """
    s = np.zeros_like(theta)
    r = np.zeros_like(theta)
    for k in count():
        g = gradient(theta)
        s = beta1 * s + (1 - beta1) * g
        r = beta2 * r + (1 - beta2) * g * g
        s_hat = s / (1 - beta1 ** (k + 1)) if bias_correction else s
        r_hat = r / (1 - beta2 ** (k + 1)) if bias_correction else r
        rate = learning_rate(k) / (np.sqrt(r_hat) + delta)
        theta = theta - rate * s_hat
        yield AdamState(theta, g, s, r, s_hat, r_hat, rate)


METHODS = {
    method.__name__: method
    for method in (sgd, momentum, nesterov, adagrad, rmsprop, rmsprop_nesterov, adadelta, adam)
}  # fmt: skip
