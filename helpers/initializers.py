"""Where to begin: the initial weights of a layer, and of a whole network.

    random = np.random.default_rng(0)
    for weights, biases in network.unpack(theta):
        weights[:] = he_normal(weights.shape, seed=random)

Common to all that make a layer's weights:

- `shape` is (..., m, n): m = fan_in inputs, n = fan_out units, as in helpers.networks (z = a W + b, one unit per
  column). Leading axes are independent matrices.
- `seed` is a whole number >= 0, or a NumPy Generator that goes on where it stands, so that layers differ.
- `gain` >= 0 multiplies all weights. For inputs of mean square 1 the weighted sums z have the mean square m Var(W);
  each docstring says what it is. GAIN holds what is usually chosen for the units that follow.
- biases are not touched: 0 goes with all of these schemes.

Raises: ValueError for a bad argument, at the call. All arrays are float64.
"""

import numpy as np

from helpers import checks
from helpers.networks import ACTIVATIONS, MLP

# The gain that keeps the mean square of z from layer to layer (linear, ReLU), or that is customary (tanh: 5/3 holds the
# signal up in the middle of a deep net, 1 is the edge of chaos; sigmoid: none keeps it, 1 is a convention).
GAIN = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": float(np.sqrt(2.0))}


def _layer(shape, seed, gain):
    """The checked arguments of an initializer: shape, a random generator, the gain."""
    takes = "two or more whole numbers >= 1, (..., fan_in, fan_out)"
    if not isinstance(shape, list | tuple) or len(shape) < 2:
        checks.fail("shape", takes, checks.describe(shape))
    shape = tuple(checks.integer(f"shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape))
    return shape, _generator(seed), checks.number("gain", gain, minimum=0)


def _generator(seed):
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(checks.integer("seed", seed, minimum=0))


def glorot_uniform(shape, *, seed, gain=1.0):
    """Normalized initialization: a compromise between keeping the activations' and the gradients' variance.

    Rule: W_ij ~ U(−r, r) with r = gain √(6/(m + n)), so Var(W) = 2 gain²/(m + n). Forward the variance is kept if
    Var(W) = 1/m, backward if Var(W) = 1/n; this is the reciprocal of the mean of m and n. (The root covers both the 6
    and the sum. Notes that print 6/√(m + n) are off by a factor of √6 = 2.449 per layer.)

    Arguments: shape (..., m, n); seed; gain >= 0.
    Returns: weights of that shape. Mean square of z: 2m/(m + n) gain², which is gain² where m = n.
    Raises: ValueError for a bad argument.
    Source: Goodfellow et al. 2016, equation 8.23; Glorot & Bengio 2010.
    Elsewhere: PyTorch xavier_uniform_(gain); Keras GlorotUniform (the default of Dense) and JAX glorot_uniform() are
        the same without a gain.
    """
    shape, random, gain = _layer(shape, seed, gain)
    limit = gain * np.sqrt(6.0 / (shape[-2] + shape[-1]))
    return random.uniform(-limit, limit, shape)


def uniform_fan_in(shape, *, seed, gain=1.0):
    """The older heuristic: uniform weights that shrink with the root of the number of inputs.

    Rule: W_ij ~ U(−r, r) with r = gain/√m, so Var(W) = gain²/(3m).

    Arguments: shape (..., m, n); seed; gain >= 0.
    Returns: weights of that shape. Mean square of z: gain²/3, whatever m is: each linear layer multiplies the standard
        deviation by 0.577 gain. gain = √3 keeps it.
    Raises: ValueError for a bad argument.
    Source: Goodfellow et al. 2016, section 8.4; LeCun et al. 1998 (Efficient BackProp) for the 1/√m.
    Elsewhere: PyTorch's default for the weights of nn.Linear, written there as kaiming_uniform_(a=√5) (its biases are
        drawn from the same range, here they stay 0). Keras VarianceScaling(1/3, "fan_in", "uniform"), JAX
        variance_scaling(1/3, "fan_in", "uniform"). LecunUniform in both is gain = √3.
    """
    shape, random, gain = _layer(shape, seed, gain)
    limit = gain / np.sqrt(shape[-2])
    return random.uniform(-limit, limit, shape)


def he_normal(shape, *, seed, gain=GAIN["relu"]):
    """Normal weights with the variance that a rectified linear layer needs, which zeroes half of its signal.

    Rule: W_ij ~ N(0, gain²/m), and gain = √2 makes it 2/m.

    Arguments: shape (..., m, n); seed; gain >= 0.
    Returns: weights of that shape. Mean square of z: gain². With gain = 1 it is the scheme for linear and tanh units.
    Raises: ValueError for a bad argument.
    Source: He et al. 2015 (Delving Deep into Rectifiers).
    Elsewhere: PyTorch kaiming_normal_(mode="fan_in", nonlinearity="relu"), the same. Keras HeNormal and JAX he_normal()
        draw from a normal distribution truncated at two standard deviations, widened so that the variance is again 2/m.
    """
    shape, random, gain = _layer(shape, seed, gain)
    return random.normal(0.0, 1.0, shape) * (gain / np.sqrt(shape[-2]))


def orthogonal(shape, *, seed, gain=1.0):
    """A random orthogonal matrix times a gain: lengths and angles of signals are kept exactly, not only on average.

    Rule: Q from the QR factorization of a matrix of independent N(0, 1), each column's sign turned so that R has a
    positive diagonal (then Q is uniform over all orthogonal matrices); W = gain Q. Where m ≠ n, W has orthonormal
    columns (m > n) or rows (m < n), times the gain.

    Arguments: shape (..., m, n); seed; gain >= 0.
    Returns: weights of that shape, all singular values equal to the gain. Mean square of z: m/max(m, n) gain².
    Raises: ValueError for a bad argument.
    Source: Saxe et al. 2013; Goodfellow et al. 2016, section 8.4; Mezzadri 2007 for the signs.
    Elsewhere: PyTorch orthogonal_(gain), Keras Orthogonal(gain), JAX orthogonal(scale): the same distribution.
    """
    shape, random, gain = _layer(shape, seed, gain)
    *batch, m, n = shape
    q, r = np.linalg.qr(random.normal(0.0, 1.0, (*batch, max(m, n), min(m, n))))
    q *= np.where(np.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0)[..., None, :]
    return gain * (q if m >= n else q.swapaxes(-1, -2).copy())


def sparse(shape, *, seed, num_nonzero=15, gain=1.0):
    """Sparse initialization: every unit gets exactly k non-zero weights, which do not shrink as inputs are added.

    Rule: for each unit (column) choose k of its m inputs at random; those weights ~ N(0, gain²/k), all others are 0.

    Arguments:
        shape: (..., m, n). seed. gain >= 0.
        num_nonzero: k, a whole number from 1 on; all m weights where a unit has fewer inputs than that.

    Returns: weights of that shape. Mean square of z: gain², for any m.
    Raises: ValueError for a bad argument.
    Source: Martens 2010 (k = 15); Goodfellow et al. 2016, section 8.4.
    Elsewhere: PyTorch sparse_(sparsity, std=0.01) chooses the share of zeros, and counts by column of a matrix that
        nn.Linear keeps as (units, inputs): there each input, not each unit, gets a fixed number of weights, unless it
        is transposed. Keras, JAX: none. Martens' N(0, 1) is gain = √k.
    """
    shape, random, gain = _layer(shape, seed, gain)
    m = shape[-2]
    k = min(m, checks.integer("num_nonzero", num_nonzero, minimum=1))
    # The k smallest of m independent uniform numbers stand at a random choice of k places, without replacement.
    ranks = random.random(shape).argsort(axis=-2).argsort(axis=-2)
    return np.where(ranks < k, random.normal(0.0, gain / np.sqrt(k), shape), 0.0)


def lsuv(network, inputs, *, seed, variance=1.0):
    """Layer-sequential unit variance: orthogonal weights, then each layer's scale is fixed on one minibatch of data.

    Rule: W_l orthogonal, all biases 0. For l = 1, ..., L: send the minibatch through the layers below and through
    W_l; W_l ← W_l √(variance / Var z_l), the variance being that of all units and examples together. As z_l is linear
    in W_l, once is enough. (The paper repeats it until a tolerance is met: it may use a fresh minibatch each time.)

    Arguments:
        network: an MLP, whatever its units are: no formula for the gain is needed.
        inputs: the minibatch, shape (N, sizes[0]).
        seed: a whole number >= 0 or a Generator.
        variance: > 0, what z_l shall have; a lower one for the output layer makes a calmer start.

    Returns: theta, shape (num_parameters,). A layer whose z does not vary at all on the minibatch (all units below it
        are dead) keeps its orthogonal weights.
    Raises: ValueError for a bad argument.
    Source: Mishkin & Matas 2016 (All You Need Is a Good Init); Goodfellow et al. 2016, section 8.4, recommends to look
        at one minibatch in general.
    Elsewhere: not in the core of PyTorch, Keras or JAX; Keras' Normalization(...).adapt(data) does it for inputs only.
    """
    if not isinstance(network, MLP):
        checks.fail("network", "an MLP", checks.describe(network))
    inputs = checks.finite_array("inputs", inputs, ndim=2)
    random = _generator(seed)
    target = checks.number("variance", variance, above=0)
    if inputs.shape[0] == 0 or inputs.shape[1] != network.sizes[0]:
        checks.fail("inputs", f"of shape (N, {network.sizes[0]}), one example per row", f"shape {inputs.shape}")
    theta, activations = np.zeros(network.num_parameters), inputs
    for weights, _ in network.unpack(theta):  # views: writing into them writes into theta
        weights[:] = orthogonal(weights.shape, seed=random)
        z = activations @ weights
        measured = float(np.var(z))
        scale = np.sqrt(target / measured) if measured > 0 else 1.0
        weights *= scale
        activations = ACTIVATIONS[network.activation].function(scale * z)
    return theta
