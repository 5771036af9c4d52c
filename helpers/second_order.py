"""The methods of section 8.6, each a generator that reads as the book's pseudo-code and is stepped like
`helpers.optimizers`.

    for state in bfgs(landscape, theta):
        state.theta, state.inverse_hessian

They take the whole landscape where first-order methods take its gradient: they look at the cost while they search along
a line, and Newton's method needs the Hessian. `helpers.descent.descend` hands each method what it needs. Common to all:

- `landscape`: anything with loss(theta) and gradient(theta), exact and the same at every call (not minibatches); its
  loss_and_gradient(theta), hessian(theta), hessian_vector_product(theta, vector) are used where it has them.
- `theta` has shape (..., n): leading axes are independent runs, and real-valued hyper-parameters may be arrays that
  broadcast against them.
- `state.gradient` is the gradient that the step used, `state.evaluations` counts, run by run, the points at which the
  cost was looked at so far (value or gradient or both).
- a run that arrives stays where it is, and costs nothing more; one that diverges goes on to NaN in silence.
"""

from helpers.conjugate_methods import conjugate_gradient, steepest_descent
from helpers.newton_methods import newton, saddle_free_newton
from helpers.quasi_newton import bfgs, lbfgs

METHODS = {
    method.__name__: method
    for method in (steepest_descent, newton, saddle_free_newton, conjugate_gradient, bfgs, lbfgs)
}  # fmt: skip

__all__ = ["METHODS", "bfgs", "conjugate_gradient", "lbfgs", "newton", "saddle_free_newton", "steepest_descent"]
