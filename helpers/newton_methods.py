"""Newton's method and its saddle-free kin: the step to the minimum of the quadratic that fits the cost here."""

from itertools import count
from typing import NamedTuple

import numpy as np

from helpers.landscape_methods import method
from helpers.line_search import backtracking, dot, strong_wolfe


class NewtonState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    step_size: np.ndarray  # (...,): what the direction was multiplied by
    hessian: np.ndarray  # (..., n, n), where the step began
    evaluations: np.ndarray  # (...,): points of the cost looked at so far; at each step a Hessian comes on top


class SaddleFreeState(NamedTuple):
    theta: np.ndarray
    gradient: np.ndarray
    direction: np.ndarray
    hessian: np.ndarray
    eigenvalues: np.ndarray  # (..., n), of the Hessian, rising
    evaluations: np.ndarray


@method
def newton(landscape, theta, *, damping=0.0, learning_rate=1.0, line_search=None):
    """Newton's method: go to where the quadratic with this gradient and this Hessian has its critical point.

    Rule: θ ← θ − ε (H + αI)⁻¹ g. With α = 0, ε = 1 the book's algorithm; α > 0 is its regularization
    (Levenberg 1944, Marquardt 1963). The step goes downhill for sure only where H + αI is positive definite.

    Arguments:
        landscape: with loss, gradient and hessian. theta: shape (..., n).
        damping: α >= 0. learning_rate: ε >= 0. Numbers or arrays over the runs.
        line_search: None, or "backtracking" or "wolfe" for a step size that lowers the cost (from ε = learning_rate
            on); a direction that goes uphill is then not taken, and the run stays.

    Yields: theta, gradient, direction, step_size, hessian, evaluations. Where H + αI is singular and g is not 0 there
        is no such step: the run ends in NaN. Where g is 0 it stays.
    Source: Goodfellow et al. 2016, section 8.6.1 and algorithm 8.8.
    """
    identity = np.eye(theta.shape[-1])
    evaluations = np.zeros(theta.shape[:-1], int)
    for _ in count():
        g = landscape.gradient(theta)
        h = landscape.hessian(theta)
        direction = -_solve(h + np.asarray(damping)[..., None, None] * identity, g)
        evaluations = evaluations + 1
        if line_search is None:
            step_size = np.broadcast_to(np.asarray(learning_rate, float), theta.shape[:-1])
            theta = theta + step_size[..., None] * direction
        else:
            search = backtracking if line_search == "backtracking" else strong_wolfe
            step = search(landscape, theta, direction, gradient=g, initial_step=np.maximum(learning_rate, 1e-300))
            theta, step_size, evaluations = step.theta, step.step_size, evaluations + step.evaluations
        yield NewtonState(theta, g, direction, step_size, h, evaluations)


def _solve(matrix, vector):
    """x with matrix · x = vector; 0 where the vector is 0, NaN where the matrix is singular."""
    n = vector.shape[-1]
    matrices, vectors = matrix.reshape(-1, n, n), vector.reshape(-1, n)
    solution = np.zeros_like(vectors)
    moving = np.any(vectors != 0, axis=-1)
    try:
        solution[moving] = np.linalg.solve(matrices[moving], vectors[moving][..., None])[..., 0]
    except np.linalg.LinAlgError:  # one of them is singular: one by one
        for i in np.flatnonzero(moving):
            try:
                solution[i] = np.linalg.solve(matrices[i], vectors[i])
            except np.linalg.LinAlgError:
                solution[i] = np.nan
    return solution.reshape(vector.shape)


@method
def saddle_free_newton(landscape, theta, *, damping=0.0, learning_rate=1.0):
    """Newton's method that takes every curvature by its size: it leaves a saddle where Newton's method goes to it.

    Rule: θ ← θ − ε (|H| + αI)⁻¹ g, where |H| has the eigenvectors of H and the absolute values of its eigenvalues.

    Arguments: as of `newton`.
    Yields: theta, gradient, direction, hessian, eigenvalues, evaluations.
    Source: Dauphin et al. 2014; Goodfellow et al. 2016, section 8.2.3.
    """
    evaluations = np.zeros(theta.shape[:-1], int)
    for _ in count():
        g = landscape.gradient(theta)
        h = landscape.hessian(theta)
        finite = np.isfinite(h).all(axis=(-2, -1))  # LAPACK refuses a matrix that holds NaN
        eigenvalues, eigenvectors = np.linalg.eigh(np.where(finite[..., None, None], h, np.eye(h.shape[-1])))
        along = (eigenvectors.swapaxes(-1, -2) @ g[..., None])[..., 0]
        size = np.abs(eigenvalues) + np.asarray(damping)[..., None]
        along = np.where(along == 0, 0.0, along / size)
        direction = -(eigenvectors @ along[..., None])[..., 0]
        direction = np.where(finite[..., None], direction, np.nan)
        theta = theta + np.asarray(learning_rate)[..., None] * direction
        evaluations = evaluations + 1
        yield SaddleFreeState(theta, g, direction, h, eigenvalues, evaluations)


def model_change(gradient, hessian, step):
    """How much the quadratic model says that a step changes the cost: gᵀs + ½ sᵀHs, shape (...).

    Source: Goodfellow et al. 2016, equation 8.26 (the Taylor series up to its second term).
    """
    return dot(gradient, step) + 0.5 * dot(step, (hessian @ step[..., None])[..., 0])
