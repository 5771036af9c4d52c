"""The sharpness of a cost, the largest eigenvalue of its Hessian, by Lanczos iteration; and a small net to follow
it on.

The Hessian is never formed: all that is needed is its product with a vector, which costs about two gradients
(Pearlmutter 1994).
"""

import numpy as np

from helpers import checks


def largest_eigenvalue(product, dimension, num_iterations=12, seed=0):
    """The largest eigenvalue of a symmetric matrix of which only products with vectors are known.

    The Lanczos iteration: q_{j+1} β_j = H q_j − α_j q_j − β_{j−1} q_{j−1}, from a random q_1. The α and β make a small
    tridiagonal matrix, whose largest eigenvalue approaches that of H from below, much faster than power iteration.

    Arguments: product: function v -> Hv for v of shape (n,); dimension: n; num_iterations: >= 1; seed: of q_1.
    Returns: a float, NaN if a product is not finite.
    Source: Lanczos 1950; Golub & Van Loan, Matrix Computations, chapter 10.
    """
    checks.function("product", product)
    n = checks.integer("dimension", dimension, minimum=1)
    q = np.random.default_rng(checks.integer("seed", seed, minimum=0)).standard_normal(n)
    q, before, beta = q / np.linalg.norm(q), np.zeros(n), 0.0
    diagonal, beside = [], []
    for _ in range(min(checks.integer("num_iterations", num_iterations, minimum=1), n)):
        image = product(q)
        alpha = float(q @ image)
        image = image - alpha * q - beta * before
        beta = float(np.linalg.norm(image))
        if not np.isfinite(alpha) or not np.isfinite(beta):
            return np.nan
        diagonal.append(alpha)
        if beta <= 1e-12 * max(abs(a) for a in diagonal):
            break
        beside.append(beta)
        q, before = image / beta, q
    off = beside[: len(diagonal) - 1]
    return float(np.linalg.eigvalsh(np.diag(diagonal) + np.diag(off, 1) + np.diag(off, -1))[-1])


class TanhRegression:
    """A net with one hidden tanh layer and one linear output, trained on the whole set with the squared error.

    J(θ) = ½ mean (a·tanh(Wx + b) + c − y)², θ = (W row by row, b, a, c). It is what `descend` takes.

    Arguments: inputs: shape (N, d); targets: shape (N,); hidden: number of hidden units.
    """

    def __init__(self, inputs, targets, hidden):
        self.inputs = checks.finite_array("inputs", inputs, ndim=2)
        self.targets = checks.finite_array("targets", targets, shape=(len(self.inputs),))
        self.hidden = checks.integer("hidden", hidden, minimum=1)
        self.dimension = self.inputs.shape[1] * self.hidden + 2 * self.hidden + 1

    def initial(self, seed):
        """Random parameters, Glorot's uniform distribution for the weights and 0 for the biases."""
        random, (d, h) = np.random.default_rng(seed), (self.inputs.shape[1], self.hidden)
        weights = random.uniform(-1, 1, d * h) * np.sqrt(6 / (d + h))
        output = random.uniform(-1, 1, h) * np.sqrt(6 / (h + 1))
        return np.concatenate([weights, np.zeros(h), output, [0.0]])

    def _split(self, theta):
        d, h = self.inputs.shape[1], self.hidden
        return theta[: d * h].reshape(d, h), theta[d * h : d * h + h], theta[d * h + h : -1], theta[-1]

    def loss(self, theta):
        """J at theta, shape (...)."""
        theta = np.asarray(theta, float)
        with np.errstate(all="ignore"):
            flat = [self._one_loss(row) for row in theta.reshape(-1, self.dimension)]
        return np.array(flat).reshape(theta.shape[:-1])

    def _one_loss(self, theta):
        weights, bias, output, offset = self._split(theta)
        return 0.5 * np.mean((np.tanh(self.inputs @ weights + bias) @ output + offset - self.targets) ** 2)

    def gradient(self, theta):
        """The exact gradient at one theta of shape (n,)."""
        with np.errstate(all="ignore"):
            weights, bias, output, offset = self._split(theta)
            hidden = np.tanh(self.inputs @ weights + bias)
            error = (hidden @ output + offset - self.targets) / len(self.targets)
            back = error[:, None] * output * (1 - hidden * hidden)
            parts = (self.inputs.T @ back).ravel(), back.sum(axis=0), hidden.T @ error, [error.sum()]
            return np.concatenate(parts)

    def hessian_vector_product(self, theta, vector):
        """H v at one theta, exactly: each line of `gradient` differentiated in the direction v (Pearlmutter 1994)."""
        with np.errstate(all="ignore"):
            weights, bias, output, offset = self._split(theta)
            v_weights, v_bias, v_output, v_offset = self._split(vector)
            hidden = np.tanh(self.inputs @ weights + bias)
            slope = 1 - hidden * hidden
            error = (hidden @ output + offset - self.targets) / len(self.targets)
            r_hidden = slope * (self.inputs @ v_weights + v_bias)
            r_error = (r_hidden @ output + hidden @ v_output + v_offset) / len(self.targets)
            r_back = (r_error[:, None] * output + error[:, None] * v_output) * slope
            r_back -= 2 * error[:, None] * output * hidden * r_hidden
            parts = (
                (self.inputs.T @ r_back).ravel(), r_back.sum(axis=0),
                r_hidden.T @ error + hidden.T @ r_error, [r_error.sum()],
            )  # fmt: skip
            return np.concatenate(parts)

    def sharpness(self, theta, num_iterations=12):
        """The largest eigenvalue of the Hessian at one theta."""
        return largest_eigenvalue(lambda v: self.hessian_vector_product(theta, v), self.dimension, num_iterations)
