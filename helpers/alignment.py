"""Two networks that are the same but for the order (and signs) of their hidden units, and how to find that order.

The hidden units of a network can be exchanged without changing what it computes. So two copies trained from
different starts may have found the same solution in a different order: before their parameters are compared, the
units of one are matched to those of the other by a linear assignment (Ainsworth et al. 2023, "weight matching").
"""

import numpy as np

from helpers import checks


def linear_assignment(similarity):
    """Match rows to columns one to one so that the sum of the similarities is largest: the Hungarian method, O(n³).

    Row by row is added to the matching along a cheapest alternating path; the potentials u, v keep every reduced cost
    c_ij − u_i − v_j >= 0, and those of matched pairs at 0, which is what proves the matching optimal.

    Arguments: similarity: square, finite, shape (n, n).
    Returns: for each row the column it is matched with, a permutation of 0 … n−1.
    Source: Kuhn 1955; Jonker & Volgenant 1987. Elsewhere: scipy.optimize.linear_sum_assignment.
    """
    cost = -checks.finite_array("similarity", similarity, ndim=2)
    n = len(cost)
    if n == 0 or cost.shape != (n, n):
        checks.fail("similarity", "a square matrix", similarity)
    u, v = np.zeros(n + 1), np.zeros(n + 1)
    row_of = np.full(n + 1, -1)  # the row matched with each column; column n is the row that is being added
    for row in range(n):
        row_of[n], column = row, n
        cheapest, before = np.full(n, np.inf), np.full(n, n)
        visited = np.zeros(n + 1, dtype=bool)
        while row_of[column] >= 0:
            visited[column] = True
            reduced = cost[row_of[column]] - u[row_of[column]] - v[:n]
            better = ~visited[:n] & (reduced < cheapest)
            cheapest[better], before[better] = reduced[better], column
            free = np.where(visited[:n], np.inf, cheapest)
            following = int(np.argmin(free))
            step = free[following]
            u[row_of[visited]] += step
            v[visited] -= step
            cheapest[~visited[:n]] -= step
            column = following
        while column != n:
            row_of[column], column = row_of[before[column]], before[column]
    matched = np.empty(n, dtype=int)
    matched[row_of[:n]] = np.arange(n)
    return matched


def rearrange(network, theta, layer, order, signs=None):
    """The same network with the units of one hidden layer in another order, and with other signs if the units are odd.

    Unit i of the new network is unit order[i] of the old one; with signs[i] = −1 its incoming and its outgoing weights
    are negated, which changes nothing for tanh, since tanh(−z) = −tanh(z).

    Arguments: network: an MLP; theta: shape (num_parameters,); layer: 1 … number of hidden layers; order: a
    permutation;
        signs: ±1 for each unit, or None.
    Returns: the new theta; the function that the network computes is the same.
    Raises: ValueError for an order that is no permutation, for signs other than ±1, or for signs in a net whose units
        are not odd functions.
    """
    theta = checks.finite_array("theta", theta, shape=(network.num_parameters,)).copy()
    layer = checks.integer("layer", layer, minimum=1, maximum=len(network.sizes) - 2)
    size = network.sizes[layer]
    order = np.asarray(order)
    if order.shape != (size,) or sorted(order.tolist()) != list(range(size)):
        checks.fail("order", f"a permutation of 0 … {size - 1}", order)
    signs = np.ones(size) if signs is None else checks.finite_array("signs", signs, shape=(size,))
    if np.any(np.abs(signs) != 1):
        checks.fail("signs", "+1 or −1 for each unit", signs)
    if np.any(signs < 0) and network.activation not in ("tanh", "linear"):
        checks.fail("signs", f"+1: {network.activation} units are not odd", signs)
    layers = network.unpack(theta)
    (weights, biases), (following, _) = layers[layer - 1], layers[layer]
    weights[:], biases[:] = weights[:, order] * signs, biases[order] * signs
    following[:] = following[order] * signs[:, None]
    return theta


def align(network, reference, theta):
    """Reorder the hidden units of a one-hidden-layer network so that its weights are as near to a reference as they
    get.

    Each unit is described by its incoming weights, its bias and its outgoing weights; the order (for tanh the signs
    too) that makes the sum of the scalar products with the reference's units largest makes the distance smallest.

    Arguments: network: an MLP with one hidden layer; reference, theta: shape (num_parameters,).
    Returns: (theta in its new order, the order).
    """
    if len(network.sizes) != 3:
        checks.fail("network", "an MLP with one hidden layer", network.sizes)
    shape = (network.num_parameters,)
    given = {"reference": reference, "theta": theta}
    first, second = (_units(network, checks.finite_array(name, value, shape=shape)) for name, value in given.items())
    similarity = first @ second.T
    odd = network.activation in ("tanh", "linear")
    order = linear_assignment(np.abs(similarity) if odd else similarity)
    signs = np.where(similarity[np.arange(len(order)), order] < 0, -1.0, 1.0) if odd else None
    return rearrange(network, theta, 1, order, signs), order


def _units(network, theta):
    (weights, biases), (following, _) = network.unpack(theta)
    return np.concatenate([weights.T, biases[:, None], following], axis=1)
