"""Gradient clipping: keep a step short where the cost falls off a cliff."""

import numpy as np

from helpers import checks


def clip_by_norm(gradient, max_norm):
    """Shorten the gradient to the length `max_norm` where it is longer; its direction stays.

    Rule: g ← g · max_norm/‖g‖ if ‖g‖ > max_norm.

    Arguments:
        gradient: shape (..., n); each of the leading entries is one gradient with its own norm.
        max_norm: > 0, a number or an array that broadcasts against the leading axes.

    Returns: the clipped gradient, shape as `gradient`. A gradient that is not finite comes back as NaN.
    Raises: ValueError for a `max_norm` that is not positive or does not fit, or a gradient without an axis.
    Source: Goodfellow et al. 2016, section 8.2.4, equations 10.48 and 10.49; Pascanu et al. 2013.
    Elsewhere: PyTorch torch.nn.utils.clip_grad_norm_ (divides by ‖g‖ + 1e-6), Keras clipnorm (per variable) and
        global_clipnorm, Optax clip_by_global_norm.
    """
    gradient = checks.parameters("gradient", gradient)
    max_norm = _bound("max_norm", max_norm, gradient)
    with np.errstate(all="ignore"):
        # The largest entry is taken out first: squaring 1e200 would overflow to an infinite norm.
        largest = np.max(np.abs(gradient), axis=-1, keepdims=True)
        scaled = gradient / np.where(largest > 0, largest, 1)
        length = np.linalg.norm(scaled, axis=-1, keepdims=True)
        return np.where(largest * length <= max_norm, gradient, scaled * (max_norm / length))


def clip_by_value(gradient, max_value):
    """Clip every element of the gradient to [−max_value, max_value]; the direction may change.

    Arguments:
        gradient: shape (..., n).
        max_value: > 0, a number or an array that broadcasts against the leading axes.

    Returns: the clipped gradient, shape as `gradient`.
    Raises: ValueError for a `max_value` that is not positive or does not fit, or a gradient without an axis.
    Source: Goodfellow et al. 2016, section 10.11.1; Mikolov 2012.
    Elsewhere: PyTorch torch.nn.utils.clip_grad_value_, Keras clipvalue, Optax clip.
    """
    gradient = checks.parameters("gradient", gradient)
    max_value = _bound("max_value", max_value, gradient)
    return np.clip(gradient, -max_value, max_value)


def _bound(name, value, gradient):
    """The bound, checked, with a last axis for the elements of the gradient."""
    bound = np.asarray(checks.numbers_or_array(name, value, above=0))
    try:
        np.broadcast_shapes(bound.shape, gradient.shape[:-1])
    except ValueError:
        takes = f"of a shape that broadcasts with {gradient.shape[:-1]}, the leading axes of the gradient"
        checks.fail(name, takes, f"shape {bound.shape}")
    return bound[..., None]
