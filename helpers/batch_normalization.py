"""Batch normalization: the layer, a network that has one in every hidden layer, and its training cost. NumPy only.

A unit's values z over a minibatch are shifted and scaled to mean 0 and variance 1, and then to a mean β and a standard
deviation γ that are parameters. Mean and variance are functions of all the examples and of all the weights below, and
the gradient passes through them: that is what makes this a layer and not a repair after the step.

Source: Ioffe & Szegedy 2015; Goodfellow et al. 2016, section 8.7.1, equations 8.35 to 8.37.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from helpers import checks
from helpers.networks import ACTIVATIONS, BLOCK_SIZE, MLP, TrainingCost, _cross_entropy, _softmax


class Statistics(NamedTuple):
    """Mean and variance (the mean squared deviation, not the unbiased estimate) of each unit: shapes (..., width)."""

    mean: np.ndarray
    variance: np.ndarray


def batch_statistics(z):
    """The Statistics of each unit over the examples: z of shape (..., N, width), N >= 1. Raises ValueError."""
    return _statistics(_examples("z", z))


def normalize(z, statistics=None, delta=1e-5):
    """Normalize each unit: (z − mean)/√(variance + δ) (equations 8.35 to 8.37).

    Arguments: z: shape (..., N, width), one example per row; statistics: those of the batch itself if None, which is
    training; fixed ones (a moving average, those of the whole training set) at test time; delta: δ >= 0.
    Returns: an array like z. With N = 1 and the batch's own statistics every entry is 0: nothing of z is left.
    Raises: ValueError. Elsewhere: PyTorch BatchNorm1d(eps=δ) normalizes so, but refuses to train on a batch of one, and
    keeps the unbiased variance, N/(N − 1) times as large, for test time.
    """
    z, delta = _examples("z", z), checks.number("delta", delta, minimum=0)
    with np.errstate(all="ignore"):
        return _normalized(z, _given(statistics, z.shape[-1]), delta)[0]


def normalize_gradient(z, normalized_gradient, delta=1e-5, through_statistics=True):
    """The gradient with respect to z of a cost whose gradient with respect to normalize(z) is given.

    Rule, with d the given gradient, ẑ the normalized values and means taken over the batch:
    (d − mean(d) − ẑ mean(d ẑ))/√(variance + δ). With through_statistics=False mean and variance count as constants, and
    d/√(variance + δ) is left: not the gradient of anything that is computed, and here to show what it does.

    Arguments: z, normalized_gradient: shape (..., N, width); delta: δ >= 0.
    Returns: an array like z. Raises: ValueError. Source: Ioffe & Szegedy 2015, section 3.
    """
    z, delta = _examples("z", z), checks.number("delta", delta, minimum=0)
    d = checks.finite_array("normalized_gradient", normalized_gradient, shape=z.shape)
    with np.errstate(all="ignore"):
        z_hat, scale, _ = _normalized(z, (None, None), delta)
        if through_statistics:
            d = d - z_hat * _mean(d * z_hat)[..., None, :] - _mean(d)[..., None, :]
        return d * scale[..., None, :]


def _examples(name, z):
    z = checks.real_array(name, z, "an array of numbers of shape (..., N, width)")
    if z.ndim < 2 or 0 in z.shape:
        checks.fail(name, "an array of numbers of shape (..., N, width)", f"shape {z.shape}")
    return z


def _mean(values):
    """The mean over the examples. (np.mean itself costs more than the sum does, for arrays this small.)"""
    return np.add.reduce(values, axis=-2) / values.shape[-2]


def _statistics(z):
    mean = _mean(z)
    deviation = z - mean[..., None, :]
    return Statistics(mean, _mean(deviation * deviation))


def _normalized(z, statistics, delta):
    """(the normalized values, the scale 1/√(variance + δ), the Statistics used); (None, None) are the batch's own."""
    mean, variance = statistics
    if mean is None:
        mean = _mean(z)
    normalized = z - mean[..., None, :]
    if variance is None:
        variance = np.einsum("...nw,...nw->...w", normalized, normalized) / z.shape[-2]
    scale = 1.0 / np.sqrt(variance + delta)
    normalized *= scale[..., None, :]
    return normalized, scale, Statistics(mean, variance)


def _given(statistics, width):
    """The Statistics that were handed over, as arrays, or (None, None) for the batch's own."""
    if statistics is None:
        return None, None
    if not isinstance(statistics, list | tuple) or len(statistics) != 2:
        checks.fail("statistics", "a pair (mean, variance)", checks.describe(statistics))
    return Statistics(*(checks.parameters("statistics", each, width) for each in statistics))


def _known(statistics, widths):
    """The same for every hidden layer, of these widths."""
    if statistics is None:
        return [(None, None)] * len(widths)
    if not isinstance(statistics, list | tuple) or len(statistics) != len(widths):
        checks.fail("statistics", f"a list of {len(widths)}, one for each hidden layer", checks.describe(statistics))
    return [_given(each, width) for each, width in zip(statistics, widths, strict=True)]


def _product(values, weights):
    """values @ weights, in blocks of examples so small that BLAS starts no threads for them (see BLOCK_SIZE)."""
    rows = values.shape[-2]
    if rows <= BLOCK_SIZE:
        return values @ weights
    batch = np.broadcast_shapes(values.shape[:-2], weights.shape[:-2])
    product = np.empty((*batch, rows, weights.shape[-1]))
    for start in range(0, rows, BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        np.matmul(values[..., block, :], weights, out=product[..., block, :])
    return product


@dataclass(frozen=True)
class BatchNormMLP(MLP):
    """An MLP whose hidden layers are batch-normalized: a_l = f(γ_l ẑ_l + β_l), ẑ_l = normalize(a_(l-1) W_l).

    A hidden layer has no bias, since the mean is subtracted anyway: β takes its place. The output layer is as in an
    MLP. theta holds, layer by layer, the weights, γ and β, and at the end the output's weights and biases.

    delta: δ >= 0. through_statistics: see normalize_gradient; False leaves the costs as they are and makes the
    gradients wrong on purpose.

    Where no `statistics` are given, those of the examples that are handed over are used, all of them as one batch: so
    the cost of an example depends on its company. For test time hand over `network.statistics(theta, training inputs)`
    or a moving average (BatchNormCost). Everything else is as in MLP: arguments, leading axes, divergence.

    Source: Ioffe & Szegedy 2015, algorithms 1 and 2.
    """

    delta: float = 1e-5
    through_statistics: bool = True

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "delta", checks.number("delta", self.delta, minimum=0))
        if not isinstance(self.through_statistics, bool):
            checks.fail("through_statistics", "True or False", self.through_statistics)

    @property
    def num_parameters(self):
        """The length n of theta: (fan_in + 2) fan_out for a hidden layer, (fan_in + 1) fan_out for the output."""
        return super().num_parameters + sum(self.sizes[1:-1])

    def initial(self, seed, scale="auto"):
        """Return the weights that an MLP of these sizes has for this seed and scale; all γ are 1, all β and b are 0."""
        plain = MLP(self.sizes, self.activation)
        theta = np.zeros(self.num_parameters)
        for ours, theirs in zip(self._unpack(theta), plain.unpack(plain.initial(seed, scale)), strict=True):
            ours[0][:] = theirs[0]
            if len(ours) == 3:
                ours[1][:] = 1.0
        return theta

    def statistics(self, theta, inputs):
        """Return the Statistics of each hidden layer's z over these inputs, as one batch: a list."""
        normalized, *_ = self._run(self._check_theta(theta), self._check_inputs(inputs))
        return [statistics for _, _, statistics in normalized]

    def activations(self, theta, inputs, statistics=None):
        """Return [inputs, a_1, ..., a_(L-1), logits]: shapes (..., N, sizes[l])."""
        return self._run(self._check_theta(theta), self._check_inputs(inputs), statistics)[1]

    def logits(self, theta, inputs, statistics=None):
        """Return the logits, shape (..., N, sizes[-1])."""
        return self.activations(theta, inputs, statistics)[-1]

    def accuracy(self, theta, inputs, labels, statistics=None):
        """Return the fraction of examples with the largest logit at the label: shape (...); NaN if a logit is NaN."""
        inputs, labels = self._check_examples(inputs, labels)

        def fraction(logits):
            hits = (logits.argmax(axis=-1) == labels).mean(axis=-1)
            return np.where(np.isnan(logits).any(axis=(-2, -1)), np.nan, hits)[()]

        return self._for_each(fraction, self._check_theta(theta), inputs, statistics)

    def loss(self, theta, inputs, labels, statistics=None):
        """Return the cost J, the mean cross-entropy: shape (...)."""
        return self._loss(self._check_theta(theta), *self._check_examples(inputs, labels), statistics)

    def hessian_vector_product(self, theta, vector, inputs, labels):
        """Return H v by the central difference of the exact gradient along v, good to about eight digits.

        theta, vector: shapes (..., n) that broadcast; a vector of zeros gives zeros.
        """
        theta, vector = self._check_theta(theta), self._check_theta(vector, "vector")
        inputs, labels = self._check_examples(inputs, labels)
        with np.errstate(all="ignore"):
            size = np.sqrt(np.sum(vector * vector, axis=-1, keepdims=True))
            step = 1e-5 * vector / np.where(size > 0, size, 1.0)
            change = self._gradient(theta + step, inputs, labels) - self._gradient(theta - step, inputs, labels)
            return change * size / 2e-5

    # ---- What follows computes, on arguments that have been checked. ----

    def _unpack(self, theta):
        layers, start, leading = [], 0, theta.shape[:-1]
        for layer, (fan_in, fan_out) in enumerate(pairwise(self.sizes), start=1):
            middle = start + fan_in * fan_out
            parts = [theta[..., start:middle].reshape(*leading, fan_in, fan_out)]
            for _ in range(2 if layer < len(self.sizes) - 1 else 1):
                parts.append(theta[..., middle : middle + fan_out])
                middle += fan_out
            layers.append(tuple(parts))
            start = middle
        return layers

    def _run(self, theta, inputs, statistics=None):
        """Return (what _normalized gives for each hidden layer, the activations, what entered f)."""
        function = ACTIVATIONS[self.activation].function
        *hidden, (weights_out, biases_out) = self._unpack(theta)
        normalized, activations, entered = [], [inputs], []
        with np.errstate(all="ignore"):
            for (weights, gamma, beta), known in zip(hidden, _known(statistics, self.sizes[1:-1]), strict=True):
                normalized.append(_normalized(_product(activations[-1], weights), known, self.delta))
                entered.append(normalized[-1][0] * gamma[..., None, :])
                entered[-1] += beta[..., None, :]
                activations.append(function(entered[-1]))
            activations.append(_product(activations[-1], weights_out))
            activations[-1] += biases_out[..., None, :]
        return normalized, activations, entered

    def _logits(self, theta, inputs, statistics=None):
        """The logits alone: as _run, but the arrays are used again and not kept."""
        function = ACTIVATIONS[self.activation].function
        *hidden, (weights_out, biases_out) = self._unpack(theta)
        known = _known(statistics, self.sizes[1:-1])
        a = inputs
        with np.errstate(all="ignore"):
            for (weights, gamma, beta), (mean, variance) in zip(hidden, known, strict=True):
                z = _product(a, weights)
                z -= (_mean(z) if mean is None else mean)[..., None, :]
                if variance is None:
                    variance = np.einsum("...nw,...nw->...w", z, z) / z.shape[-2]
                z *= (gamma / np.sqrt(variance + self.delta))[..., None, :]
                z += beta[..., None, :]
                a = function(z)
            z = _product(a, weights_out)
            z += biases_out[..., None, :]
        return z

    @np.errstate(all="ignore")
    def _for_each(self, function, theta, inputs, statistics):
        """function(logits) over the leading axes of theta: one net at a time, so that its values stay in the cache."""
        if theta.ndim == 1 or len(inputs) <= BLOCK_SIZE or statistics is not None:
            return function(self._logits(theta, inputs, statistics))
        one_by_one = [function(self._logits(each, inputs)) for each in theta.reshape(-1, theta.shape[-1])]
        return np.reshape(one_by_one, theta.shape[:-1])

    def _forward(self, theta, inputs):
        _, activations, entered = self._run(theta, inputs)
        return [*entered, activations[-1]], activations

    def _loss(self, theta, inputs, labels, statistics=None):
        return self._for_each(lambda logits: _cross_entropy(logits, labels), theta, inputs, statistics)

    def _gradient(self, theta, inputs, labels):
        return self._loss_and_gradient(theta, inputs, labels)[1]

    def _loss_and_gradient(self, theta, inputs, labels):
        return self._loss_gradient_statistics(theta, inputs, labels)[:2]

    @np.errstate(all="ignore")
    def _loss_gradient_statistics(self, theta, inputs, labels):
        normalized, a, entered = self._run(theta, inputs)
        derivative = ACTIVATIONS[self.activation].derivative
        layers, gradient = self._unpack(theta), np.empty_like(theta)
        parts = self._unpack(gradient)
        delta = _softmax(a[-1])  # dJ/dz at the output
        delta[..., np.arange(len(labels)), labels] -= 1.0
        delta /= len(labels)
        np.matmul(a[-2].swapaxes(-1, -2), delta, out=parts[-1][0])
        np.add.reduce(delta, axis=-2, out=parts[-1][1])
        for index in reversed(range(len(layers) - 1)):
            weights_gradient, gamma_gradient, beta_gradient = parts[index]
            delta = _product(delta, layers[index + 1][0].swapaxes(-1, -2))
            delta *= derivative(entered[index], a[index + 1])
            z_hat, scale, _ = normalized[index]
            np.add.reduce(delta, axis=-2, out=beta_gradient)
            np.einsum("...nw,...nw->...w", delta, z_hat, out=gamma_gradient)
            if self.through_statistics:  # the two sums are the two means of normalize_gradient, but for γ/N
                delta -= z_hat * (gamma_gradient / len(labels))[..., None, :]
                delta -= (beta_gradient / len(labels))[..., None, :]
            delta *= (layers[index][1] * scale)[..., None, :]
            np.matmul(a[index].swapaxes(-1, -2), delta, out=weights_gradient)
        return _cross_entropy(a[-1], labels), gradient, [used for _, _, used in normalized]


class BatchNormCost(TrainingCost):
    """The TrainingCost of a BatchNormMLP that also keeps moving averages of the statistics, for test time.

    After each minibatch every mean and variance follows s ← ρ s + (1 − ρ) s_batch; the first minibatch sets them.

    rho: ρ in [0, 1). Attribute moving_statistics: a list of Statistics, one for each hidden layer; None before the
    first gradient. Everything else is as in TrainingCost: loss(theta) is the cost on the whole set as one batch.
    Source: Ioffe & Szegedy 2015, section 3.1. Elsewhere: PyTorch BatchNorm1d(momentum=1 − ρ = 0.1), which starts from
    mean 0 and variance 1; Keras BatchNormalization(momentum=ρ=0.99).
    """

    def __init__(self, network, inputs, labels, batch_size, seed=0, rho=0.9):
        if not isinstance(network, BatchNormMLP):
            checks.fail("network", "a BatchNormMLP", checks.describe(network))
        super().__init__(network, inputs, labels, batch_size, seed)
        self.rho = checks.number("rho", rho, minimum=0, below=1)
        self.moving_statistics = None

    def gradient(self, theta):
        """Return the gradient on the next minibatch, shaped like theta, and let the moving averages follow."""
        theta = self.network._check_theta(theta)
        chosen = next(self._minibatches)
        inputs, labels = self.inputs[chosen], self.labels[chosen]
        _, gradient, batch = self.network._loss_gradient_statistics(theta, inputs, labels)
        if self.moving_statistics is None:
            self.moving_statistics = batch
        else:
            pairs = zip(self.moving_statistics, batch, strict=True)
            with np.errstate(all="ignore"):
                self.moving_statistics = [self._follow(old, new) for old, new in pairs]
        return gradient

    def _follow(self, old, new):
        return Statistics(*(self.rho * a + (1 - self.rho) * b for a, b in zip(old, new, strict=True)))
