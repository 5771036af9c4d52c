"""Polyak averaging: a method's steps left as they are, and beside them the average of the points it visited."""

import functools
from collections import namedtuple

import numpy as np

from helpers import checks


def averaged(method, rho=0.99, first_step=0):
    """The same method, whose states also carry two averages of θ: descend records them.

    Rules, after step t = 1, 2, ...: uniform: the mean of θ_k over first_step < k <= t (before that, θ itself);
    exponential, equation 8.39: θ̂ ← ρ θ̂ + (1 − ρ) θ, from θ̂ = θ_0. The steps themselves do not see the averages.

    Arguments:
        method: an optimizer of helpers.optimizers.
        rho: ρ in [0, 1), a number or an array over the leading axes (the book's α); about 1/(1 − ρ) states count.
        first_step: >= 0, how many steps the uniform average leaves out at the beginning.

    Returns: a method; its states have the fields of the original ones, then uniform_average and exponential_average,
        each of shape (..., n).
    Raises: ValueError. Source: Goodfellow et al. 2016, section 8.7.3; Polyak & Juditsky 1992; Ruppert 1988.
    Elsewhere: PyTorch swa_utils.AveragedModel is the uniform one, with get_ema_multi_avg_fn(ρ) the exponential one,
        which begins with the first θ it is given; Keras SGD(use_ema=True, ema_momentum=ρ); Optax ema, which corrects
        for a start at 0.
    """
    checks.function("method", method, "an optimizer of helpers.optimizers")
    rho = checks.numbers_or_array("rho", rho, minimum=0, below=1)
    first_step = checks.integer("first_step", first_step, minimum=0)

    @functools.wraps(method)
    def with_averages(gradient, theta, **hyper_parameters):
        states = method(gradient, theta, **hyper_parameters)  # checks its arguments here, at the call
        return _average_steps(states, np.array(theta, dtype=float), np.asarray(rho)[..., None], first_step)

    return with_averages


def _average_steps(states, theta, rho, first_step):
    uniform, exponential, kind = theta, theta, None
    for step, state in enumerate(states, start=1):
        if kind is None:
            kind = namedtuple("AveragedState", [*state._fields, "uniform_average", "exponential_average"])
        with np.errstate(all="ignore"):
            uniform = uniform + (state.theta - uniform) / max(1, step - first_step)
            exponential = rho * exponential + (1 - rho) * state.theta
        yield kind(*state, uniform, exponential)


def expected_squares(curvature, start, noise, learning_rate, num_steps, rho=0.99, first_step=0):
    """The mean square distance from the minimum of SGD and of its averages on ½λθ² with noisy gradients; exact.

    The gradient is λθ + noise·ξ, ξ standard normal. So θ ← (1 − ελ)θ − ε noise ξ, and both averages are linear in θ:
    the means and the covariance of (θ, uniform average, exponential average) follow a linear recursion.

    Arguments: curvature: λ >= 0; start: θ_0; noise: >= 0; learning_rate: ε >= 0; num_steps: T >= 1; rho, first_step: as
        in `averaged`.
    Returns: shape (T+1, 3): E θ², E of the square of the uniform and of the exponential average, after each step.
    Raises: ValueError. For large t and 0 < ελ < 2 they approach ε noise²/(λ(2 − ελ)), noise²/(λ² t), and
        `exponential_floor`. Source: the linear case of Polyak & Juditsky 1992.
    """
    curvature = checks.number("curvature", curvature, minimum=0)
    start, noise = checks.number("start", start), checks.number("noise", noise, minimum=0)
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    num_steps = checks.integer("num_steps", num_steps, minimum=1)
    rho = checks.number("rho", rho, minimum=0, below=1)
    first_step = checks.integer("first_step", first_step, minimum=0)
    shrink, kick = 1 - rate * curvature, (rate * noise) ** 2
    # Means of θ, of the uniform average u and of the exponential one e; then their second central moments.
    x = u = e = start
    xx = xu = uu = xe = ee = 0.0
    squares = [(start * start,) * 3]
    for step in range(1, num_steps + 1):  # in plain floats, which is ten times faster than 3 × 3 matrices
        share = 1 / max(1, step - first_step)
        keep, rest = 1 - share, 1 - rho
        x = shrink * x
        u, e = keep * u + share * x, rho * e + rest * x
        xx, xu, xe = shrink * shrink * xx + kick, shrink * xu, shrink * xe
        uu = keep * keep * uu + 2 * keep * share * xu + share * share * xx
        ee = rho * rho * ee + 2 * rho * rest * xe + rest * rest * xx
        xu, xe = keep * xu + share * xx, rho * xe + rest * xx
        squares.append((x * x + xx, u * u + uu, e * e + ee))
    return np.array(squares)


def exponential_floor(curvature, noise, learning_rate, rho):
    """The mean square at which the exponential average comes to rest on ½λθ²: infinite unless 0 < ελ < 2.

    ε noise²/(λ(2 − ελ)), the floor of θ itself, times (1 − ρ)/(1 + ρ) · (1 + ρr)/(1 − ρr), with r = 1 − ελ the
    correlation of two neighbouring states. Arguments as in expected_squares. Raises: ValueError.
    """
    curvature = checks.number("curvature", curvature, above=0)
    noise, rate = checks.number("noise", noise, minimum=0), checks.number("learning_rate", learning_rate, minimum=0)
    rho = checks.number("rho", rho, minimum=0, below=1)
    if not 0 < rate * curvature < 2:
        return np.inf
    r = 1 - rate * curvature
    floor = rate * noise**2 / (curvature * (2 - rate * curvature))
    return float(floor * (1 - rho) / (1 + rho) * (1 + rho * r) / (1 - rho * r))
