"""A multilayer perceptron on one flat parameter vector, with exact first and second derivatives. NumPy only.

The parameters of the whole network are one vector theta, so that the very methods that roll down the pictures train the
network. Layer by layer theta holds the weights (fan_in x fan_out, row by row) and then the fan_out biases. Leading
axes of theta are independent networks on the same examples: shape (..., n) in, shape (...) of costs out.

Notation, for layers l = 1 ... L and a batch of N examples, one per row: a_0 = inputs, z_l = a_(l-1) W_l + b_l,
a_l = f(z_l) in the hidden layers; z_L are the logits, and the cost is the mean cross-entropy of softmax(z_L).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from helpers import checks


@dataclass(frozen=True)
class Activation:
    """A hidden unit's function f with its first two derivatives, each applied element by element.

    `function(z)` returns a = f(z). `derivative(z, a)` and `second_derivative(z, a)` return f'(z) and f''(z); they are
    handed a = f(z) as well, since for most units the derivative costs next to nothing once a is known.
    """

    function: Callable
    derivative: Callable
    second_derivative: Callable


def _sigmoid(z):
    # exp is only taken of numbers <= 0, so it cannot overflow, and both tails keep their relative precision.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


# The units by name; a further entry makes a further unit available to MLP. At its kink ReLU's derivative is taken as 0.
ACTIVATIONS = {
    "relu": Activation(
        function=lambda z: np.maximum(z, 0.0),
        derivative=lambda z, a: (z > 0.0).astype(np.float64),
        second_derivative=lambda z, a: np.zeros_like(z),
    ),
    "tanh": Activation(
        function=np.tanh,
        derivative=lambda z, a: 1.0 - a * a,
        second_derivative=lambda z, a: -2.0 * a * (1.0 - a * a),
    ),
    "sigmoid": Activation(
        function=_sigmoid,
        derivative=lambda z, a: a * (1.0 - a),
        second_derivative=lambda z, a: a * (1.0 - a) * (1.0 - 2.0 * a),
    ),
    "linear": Activation(
        function=lambda z: z,
        derivative=lambda z, a: np.ones_like(z),
        second_derivative=lambda z, a: np.zeros_like(z),
    ),
}


# Examples are worked through in blocks of this many. A block's values stay in the processor's cache, a sweep over many
# networks does not fill the memory, and the products are so small that BLAS starts no threads for them: threads gain
# little here, and where the cores are busy (a browser draws, a cloud machine is shared) they can slow a step tenfold.
BLOCK_SIZE = 128


def _blocks(inputs, labels):
    """Yield (weight, inputs, labels) block by block; the weights are the blocks' shares of the examples."""
    for start in range(0, len(labels), BLOCK_SIZE):
        block = slice(start, start + BLOCK_SIZE)
        yield len(labels[block]) / len(labels), inputs[block], labels[block]


def _softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def _cross_entropy(logits, labels):
    """Mean over the batch of log(sum_c exp z_c) - z_label; the largest logit is taken out first, against overflow."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_total = np.log(np.exp(shifted).sum(axis=-1))
    return (log_total - shifted[..., np.arange(len(labels)), labels]).mean(axis=-1)


@dataclass(frozen=True)
class MLP:
    """A multilayer perceptron for classification: equal hidden units, softmax output, mean cross-entropy cost.

    sizes: units per layer from the inputs to the classes, e.g. (64, 32, 10); (64, 10) is softmax regression.
    activation: the hidden units' function, a name in ACTIVATIONS: "relu", "tanh", "sigmoid" or "linear".

    In every method `theta` has shape (..., num_parameters), `inputs` (N, sizes[0]) with finite numbers, and `labels`
    (N,) with whole numbers in 0 ... sizes[-1]-1. Anything else raises ValueError, with one exception: theta may hold
    NaN or infinity, as it does once a run has diverged; the answer is then NaN or infinite, without a warning.

    Source: Goodfellow, Bengio and Courville (2016), chapter 6; back-propagation is Algorithms 6.3 and 6.4.
    """

    sizes: tuple
    activation: str = "tanh"

    def __post_init__(self):
        sizes = self.sizes
        if not isinstance(sizes, list | tuple) or len(sizes) < 2:
            checks.fail("sizes", "two or more layer sizes such as (64, 32, 10)", checks.describe(sizes))
        sizes = tuple(checks.integer(f"sizes[{index}]", size, minimum=1) for index, size in enumerate(sizes))
        checks.integer("sizes[-1]", sizes[-1], minimum=2)  # softmax over a single class is constant
        object.__setattr__(self, "sizes", sizes)
        checks.choice("activation", self.activation, ACTIVATIONS)

    @property
    def num_parameters(self):
        """The length n of theta: sum over the layers of (fan_in + 1) fan_out."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.sizes))

    @property
    def dimension(self):
        """The same number under the name that landscapes use."""
        return self.num_parameters

    def unpack(self, theta):
        """Split theta into its layers: a list of (weights, biases) of shapes (..., fan_in, fan_out) and (..., fan_out).

        If theta is a float64 array, these are views: writing into them writes into theta.
        """
        checked = self._check_theta(theta)
        return self._unpack(theta if isinstance(theta, np.ndarray) and theta.dtype == np.float64 else checked)

    def initial(self, seed, scale="auto"):
        """Return random initial parameters of shape (num_parameters,), with all biases 0.

        seed: a whole number >= 0; the same seed gives the same parameters.
        scale: "glorot" draws weights from U(-r, r) with r = sqrt(6 / (fan_in + fan_out)) (equation 8.23; Glorot and
        Bengio 2010); "he" from a normal distribution of variance 2 / fan_in (He et al. 2015), made for ReLU;
        "auto" is "he" for a ReLU net and "glorot" for all others.
        """
        random = np.random.default_rng(checks.integer("seed", seed, minimum=0))
        checks.choice("scale", scale, ("auto", "glorot", "he"))
        if scale == "auto":
            scale = "he" if self.activation == "relu" else "glorot"
        theta = np.zeros(self.num_parameters)
        for weights, _ in self._unpack(theta):
            fan_in, fan_out = weights.shape
            if scale == "he":
                weights[:] = random.normal(0.0, np.sqrt(2.0 / fan_in), weights.shape)
            else:
                limit = np.sqrt(6.0 / (fan_in + fan_out))
                weights[:] = random.uniform(-limit, limit, weights.shape)
        return theta

    def activations(self, theta, inputs):
        """Return [inputs, a_1, ..., a_(L-1), logits], the values of every layer: shapes (..., N, sizes[l])."""
        return self._forward(self._check_theta(theta), self._check_inputs(inputs))[1]

    def logits(self, theta, inputs):
        """Return the logits z_L, the unnormalized log-probabilities of the classes: shape (..., N, sizes[-1])."""
        return self.activations(theta, inputs)[-1]

    def accuracy(self, theta, inputs, labels):
        """Return the fraction of examples with the largest logit at the label: shape (...); NaN if a logit is NaN."""
        theta, correct = self._check_theta(theta), 0.0
        inputs, labels = self._check_examples(inputs, labels)
        for _, block_inputs, block_labels in _blocks(inputs, labels):
            logits = self._forward(theta, block_inputs)[1][-1]
            hits = (logits.argmax(axis=-1) == block_labels).sum(axis=-1)
            # argmax over NaN is 0: without this a diverged net would seem to classify every image as class 0.
            correct += np.where(np.isnan(logits).any(axis=(-2, -1)), np.nan, hits)
        return correct / len(labels)

    def loss(self, theta, inputs, labels):
        """Return the cost J, the mean over the examples of -log softmax(z_L)[label]: shape (...)."""
        return self._loss(self._check_theta(theta), *self._check_examples(inputs, labels))

    def gradient(self, theta, inputs, labels):
        """Return the exact gradient of the cost by back-propagation, shaped like theta."""
        return self._gradient(self._check_theta(theta), *self._check_examples(inputs, labels))

    def loss_and_gradient(self, theta, inputs, labels):
        """Return (loss, gradient) from one forward and one backward pass."""
        return self._loss_and_gradient(self._check_theta(theta), *self._check_examples(inputs, labels))

    def hessian_vector_product(self, theta, vector, inputs, labels):
        """Return H v, the Hessian of the cost at theta times the vector, exactly and without ever forming H.

        theta, vector: shapes (..., n) whose leading axes broadcast: the result has the broadcast shape. So one
        theta (n,) with vector = np.eye(n) gives the whole Hessian of a small net.

        H v is the derivative of the gradient at theta in the direction v: each line of the forward and the backward
        pass is differentiated in turn, R{.} = d/dr (.) at theta + r v, r = 0, for about twice the work of a gradient.
        In a ReLU net it is the Hessian of the smooth piece on which theta lies.

        Source: Pearlmutter (1994), Fast exact multiplication by the Hessian, Neural Computation 6.
        """
        theta, vector = self._check_theta(theta), self._check_theta(vector, "vector")
        try:
            shape = np.broadcast_shapes(theta.shape, vector.shape)
        except ValueError:
            checks.fail("vector", f"of a shape that broadcasts with theta's {theta.shape}", f"shape {vector.shape}")
        inputs, labels = self._check_examples(inputs, labels)
        product = np.zeros(shape)
        with np.errstate(all="ignore"):
            for weight, *block in _blocks(inputs, labels):
                product += weight * self._block_hessian_vector_product(theta, vector, shape, *block)
        return product

    # ---- What follows computes, on arguments that have been checked. ----

    def _unpack(self, theta):
        layers, start = [], 0
        for fan_in, fan_out in pairwise(self.sizes):
            middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
            weights = theta[..., start:middle].reshape(*theta.shape[:-1], fan_in, fan_out)
            layers.append((weights, theta[..., middle:end]))
            start = end
        return layers

    @np.errstate(all="ignore")
    def _forward(self, theta, inputs):
        """Return ([z_1, ..., z_L], [a_0, a_1, ..., a_(L-1), z_L])."""
        function = ACTIVATIONS[self.activation].function
        pre_activations, activations = [], [inputs]
        for weights, biases in self._unpack(theta):
            z = activations[-1] @ weights
            z += biases[..., None, :]
            pre_activations.append(z)
            is_output = len(pre_activations) == len(self.sizes) - 1
            activations.append(z if is_output else function(z))
        return pre_activations, activations

    @np.errstate(all="ignore")
    def _loss(self, theta, inputs, labels):
        loss = 0.0
        for weight, block_inputs, block_labels in _blocks(inputs, labels):
            loss += weight * _cross_entropy(self._forward(theta, block_inputs)[1][-1], block_labels)
        return loss

    @np.errstate(all="ignore")
    def _gradient(self, theta, inputs, labels):
        gradient = 0.0
        for weight, block_inputs, block_labels in _blocks(inputs, labels):
            gradient += weight * self._backward(theta, *self._forward(theta, block_inputs), block_labels)
        return gradient

    @np.errstate(all="ignore")
    def _loss_and_gradient(self, theta, inputs, labels):
        loss = gradient = 0.0
        for weight, block_inputs, block_labels in _blocks(inputs, labels):
            z, a = self._forward(theta, block_inputs)
            loss += weight * _cross_entropy(a[-1], block_labels)
            gradient += weight * self._backward(theta, z, a, block_labels)
        return loss, gradient

    def _backward(self, theta, z, a, labels):
        """Return the gradient on one block of examples, given the z and a of the forward pass."""
        derivative = ACTIVATIONS[self.activation].derivative
        layers = self._unpack(theta)
        gradient = np.empty_like(theta)
        gradient_layers = self._unpack(gradient)
        delta = _softmax(a[-1])  # delta is dJ/dz_l; at the output it is (softmax(z_L) - one-hot label) / N
        delta[..., np.arange(len(labels)), labels] -= 1.0
        delta /= len(labels)
        for index in reversed(range(len(layers))):
            weights_gradient, biases_gradient = gradient_layers[index]
            np.matmul(a[index].swapaxes(-1, -2), delta, out=weights_gradient)
            delta.sum(axis=-2, out=biases_gradient)
            if index > 0:
                delta = delta @ layers[index][0].swapaxes(-1, -2)
                delta *= derivative(z[index - 1], a[index])
        return gradient

    def _block_hessian_vector_product(self, theta, vector, shape, inputs, labels):
        unit = ACTIVATIONS[self.activation]
        layers, vector_layers = self._unpack(theta), self._unpack(vector)
        z, a = self._forward(theta, inputs)

        # Forward: r_z[l] = R{z_l} and r_a[l] = R{a_l}. The inputs do not depend on theta: R{a_0} = 0.
        r_z, r_a = [], [np.zeros_like(inputs)]
        for index, ((weights, _), (v_weights, v_biases)) in enumerate(zip(layers, vector_layers, strict=True)):
            r_z.append(r_a[index] @ weights + a[index] @ v_weights + v_biases[..., None, :])
            if index < len(layers) - 1:
                r_a.append(unit.derivative(z[index], a[index + 1]) * r_z[index])

        # Backward: delta = dJ/dz_l as in the gradient, r_delta = R{delta}.
        probabilities = _softmax(a[-1])
        r_delta = probabilities * (r_z[-1] - (probabilities * r_z[-1]).sum(axis=-1, keepdims=True)) / len(labels)
        delta = probabilities / len(labels)
        delta[..., np.arange(len(labels)), labels] -= 1.0 / len(labels)
        product = np.empty(shape)
        product_layers = self._unpack(product)
        for index in reversed(range(len(layers))):
            weights_product, biases_product = product_layers[index]
            weights_product[:] = r_a[index].swapaxes(-1, -2) @ delta + a[index].swapaxes(-1, -2) @ r_delta
            biases_product[:] = r_delta.sum(axis=-2)
            if index > 0:
                weights, v_weights = layers[index][0].swapaxes(-1, -2), vector_layers[index][0].swapaxes(-1, -2)
                first = unit.derivative(z[index - 1], a[index])
                second = unit.second_derivative(z[index - 1], a[index])
                back = delta @ weights
                r_delta = second * r_z[index - 1] * back + first * (r_delta @ weights + delta @ v_weights)
                delta = first * back
        return product

    def _check_theta(self, theta, name="theta"):
        return checks.parameters(name, theta, self.num_parameters)

    def _check_inputs(self, inputs):
        inputs = checks.finite_array("inputs", inputs, ndim=2)
        if inputs.shape[0] == 0 or inputs.shape[1] != self.sizes[0]:
            checks.fail("inputs", f"of shape (N, {self.sizes[0]}), one example per row", f"shape {inputs.shape}")
        return inputs

    def _check_examples(self, inputs, labels):
        inputs = self._check_inputs(inputs)
        takes = f"whole numbers from 0 to {self.sizes[-1] - 1} of shape ({len(inputs)},), one for each input"
        try:
            labels = np.asarray(labels)
        except ValueError:  # a ragged list
            checks.fail("labels", takes, labels)
        if labels.dtype.kind not in "iu" or labels.shape != (len(inputs),):
            checks.fail("labels", takes, f"{labels.dtype} of shape {labels.shape}")
        if labels.min() < 0 or labels.max() >= self.sizes[-1]:
            checks.fail("labels", takes, f"values from {labels.min()} to {labels.max()}")
        return inputs, labels


class TrainingCost:
    """The cost of a network on a training set, as a landscape whose gradient is estimated on minibatches.

    It is what `descend` takes: `loss(theta)` is the cost on the whole training set, `gradient(theta)` the gradient on
    the *next* minibatch, so it changes from call to call even at one theta. Every epoch goes once through the whole set
    in a fresh random order. A new TrainingCost with the same seed starts the same sequence of minibatches anew: make
    one for each run.

    network: an MLP. inputs, labels: the training set, (N, sizes[0]) and (N,), as the network takes them.
    batch_size: examples in a minibatch, 1 ... N; with N every step is on the whole set. If it does not divide N, the
    last minibatch of an epoch is smaller; it is kept, and its gradient is the mean over the fewer examples it has.
    seed: a whole number >= 0, of the order of the examples.

    Raises ValueError for bad input. Source: minibatch gradient descent, section 8.1.3 and Algorithm 8.1.
    """

    def __init__(self, network, inputs, labels, batch_size, seed=0):
        if not isinstance(network, MLP):
            checks.fail("network", "an MLP", checks.describe(network))
        self.network = network
        self.inputs, self.labels = network._check_examples(inputs, labels)
        self.batch_size = checks.integer("batch_size", batch_size, minimum=1, maximum=len(self.labels))
        self.seed = checks.integer("seed", seed, minimum=0)
        self._minibatches = self._endless_minibatches()

    @property
    def dimension(self):
        """The number of parameters n."""
        return self.network.num_parameters

    @property
    def steps_per_epoch(self):
        """Minibatches in one pass through the training set: N / batch_size, rounded up."""
        return -(-len(self.labels) // self.batch_size)

    def loss(self, theta):
        """Return the cost on the whole training set, shape (...); theta has shape (..., n)."""
        return self.network._loss(self.network._check_theta(theta), self.inputs, self.labels)

    def gradient(self, theta):
        """Return the gradient on the next minibatch, shaped like theta; all leading axes get the same minibatch."""
        theta = self.network._check_theta(theta)  # before the minibatch is drawn: a refused call consumes none
        chosen = next(self._minibatches)
        return self.network._gradient(theta, self.inputs[chosen], self.labels[chosen])

    def full_gradient(self, theta):
        """Return the gradient on the whole training set, shaped like theta."""
        return self.network._gradient(self.network._check_theta(theta), self.inputs, self.labels)

    def hessian_vector_product(self, theta, vector):
        """Return H v for the cost on the whole training set; shapes as in MLP.hessian_vector_product."""
        return self.network.hessian_vector_product(theta, vector, self.inputs, self.labels)

    def _endless_minibatches(self):
        random = np.random.default_rng(self.seed)
        while True:
            order = random.permutation(len(self.labels))
            for start in range(0, len(order), self.batch_size):
                yield order[start : start + self.batch_size]
