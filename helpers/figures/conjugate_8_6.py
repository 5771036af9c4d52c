"""The figures of lesson 8.6.2, conjugate gradients. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style
from helpers import theory_8_6 as theory
from helpers.controls import choice, int_slider, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

STEEPEST = {"color": style.INK, "linestyle": "--", "marker": "s"}
CONJUGATE = {"color": style.VERMILION, "linestyle": "-", "marker": "o"}
LBFGS = {"color": style.GREEN, "linestyle": "-", "marker": "D"}
_BETAS = {"Polak-Ribière+": "polak_ribiere+", "Polak-Ribière": "polak_ribiere", "Fletcher-Reeves": "fletcher_reeves"}
_RINGS = np.append(np.exp(1j * np.linspace(0, 2 * np.pi, 90)), np.nan)


def _ellipses(costs, condition):
    """The contours at these costs of ½(θ₁² + κθ₂²), as one line with gaps."""
    rings = np.sqrt(2 * np.asarray(costs))[:, None] * _RINGS
    return rings.real.ravel(), rings.imag.ravel() / np.sqrt(condition)


@style.applied()
def zigzag(compute, num_steps=15):
    """8.6.2: steepest descent with exact line search. compute(condition, start) -> (κ, run, CG run, angles,
    factors).
    """
    stage = Stage(1000, 430, columns=3, width_ratios=[1.5, 0.9, 0.9])
    land, cost, worst = stage.axes
    contours = land.plot([], [], color="#5b7a94", linewidth=0.8, animated=True, zorder=1)[0]
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=15)
    land.set(xlim=(-1, 3.2), ylim=(-1.6, 1.6), xlabel="θ₁ (curvature 1)", ylabel="θ₂ (curvature κ)", aspect="equal",
             title="every turn is a right angle")  # fmt: skip
    land.grid(False)
    conjugate = plots.trail(land, label="conjugate gradients", markersize=6, linewidth=2.5, **CONJUGATE)
    steepest = plots.trail(land, label="steepest descent", markersize=4, **STEEPEST)
    land.legend(loc="lower right")
    plots.step_axes(cost, num_steps, 1e-16, 1e2, title="cost")
    cost.set_xticks(range(0, num_steps + 1, 5))
    lines = [plots.curve(cost, **STEEPEST), plots.curve(cost, **CONJUGATE)]
    bound = plots.curve(cost, **style.THEORY)
    cost.plot([], [], label="no worse than", **style.THEORY)
    cost.legend(loc="lower left")
    worst.set(xlim=(0, 90), ylim=(0, 1), xlabel="direction of the gradient, °", ylabel="factor of the cost per step",
              title="every start")  # fmt: skip
    worst.set_xticks([0, 30, 60, 90])
    sweep = plots.curve(worst, color=style.INK)
    ceiling = plots.curve(worst, **style.THEORY)
    here = plots.marks(worst, marker="o", size=11)

    def draw(result, step):
        condition, run, quick, angles, factors = result
        x, y = plots.within(land, *_ellipses(run.loss[0] * np.array([1, 0.5, 0.2, 0.05, 0.01]), condition))
        contours.set_data(x, y)
        steepest.set(run.theta[: num_steps + 1], step)
        conjugate.set(quick.theta, min(step, 2))
        highest = theory.worst_steepest_descent_factor(condition)
        for line, losses in zip(lines, (run.loss, quick.loss), strict=True):
            shown = losses[: step + 1]
            line.set_data(np.arange(len(shown)), np.maximum(shown, 1e-30))
        bound.set_data(np.arange(num_steps + 1), np.maximum(run.loss[0] * highest ** np.arange(num_steps + 1), 1e-30))
        sweep.set_data(angles, factors)
        ceiling.set_data([0, 90], [highest, highest])
        if run.loss[0] == 0:
            here.set_data([], [])
            return [Row("cost at the start: nothing to do", 0.0, float(run.loss[0]), atol=0)]
        predicted = float(theory.steepest_descent_factor([1.0, condition], run.theta[0]))
        first = run.gradient[1]
        here.set_data([np.degrees(np.arctan2(abs(first[1]), abs(first[0])))], [predicted])
        useful = np.flatnonzero(run.loss > 1e-24 * run.loss[0])[-1]
        turns = predicted > 1e-12 and useful > 1
        measured = float((run.loss[useful] / run.loss[0]) ** (1 / useful)) if useful else 0.0
        cosine = np.nan
        if turns:
            g = run.gradient[1:3] / np.linalg.norm(run.gradient[1:3], axis=1)[:, None]
            cosine = float(np.degrees(np.arccos(np.clip(g[0] @ g[1], -1, 1))))
        return [
            Row("cost: factor per step from this start", predicted, measured, rtol=1e-4 if turns else None,
                atol=1e-9),
            Row("the worst start's factor, ((κ − 1)/(κ + 1))²", highest, float(factors.max()), rtol=1e-2, atol=1e-3),
            Row("angle between two successive gradients, °", 90.0, cosine, atol=1e-4 if turns else None),
            Row("conjugate gradients: cost after 2 steps, of the first", 0.0, float(quick.loss[-1] / quick.loss[0]),
                atol=1e-20),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {"condition": log_slider("κ condition number", 1, 100, 8), "start": point(land, (2.8, 0.35))},
        description="Left: on an elongated bowl steepest descent zig-zags at right angles while conjugate "
        "gradients need "
        "two steps. Middle: the cost of both by step with the worst case dotted. Right: the factor of the cost "
        "per step "
        "for every direction of the first gradient, highest at 45 degrees.",
        presets={"worst start": {"condition": 8.0, "start": [2.8, 0.35]}, "lucky start": {"start": [2.8, 0.0]},
                 "κ = 1": {"condition": 1.0}, "κ = 100, worst": {"condition": 100.0, "start": [3.0, 0.03]}},
        num_steps=num_steps,
    )  # fmt: skip


@style.applied()
def polynomial(compute, num_steps=12):
    """8.6.2: what CG does to each eigenvector. compute(distinct, spread, condition) -> (eigenvalues, distinct?, CG,
    SD).
    """
    stage = Stage(1000, 430, width_ratios=[1.2, 1])
    poly, cost = stage.axes
    poly.set(xlim=(-0.03, 1.05), ylim=(-1.2, 1.2), xlabel="curvature λ / λₙ", ylabel="left of the start, p_k(λ)",
             title="one polynomial of degree k must be small at every dot")  # fmt: skip
    poly.axhline(0, color=style.GREY, linewidth=1)
    smooth = plots.curve(poly, color=style.BLUE, linewidth=2.2)
    dots = plots.curve(poly, color=style.VERMILION, marker="o", linestyle="none", markersize=7)
    poly.plot([], [], color=style.BLUE, label="theory: the polynomial p_k")
    poly.plot(
        [], [], color=style.VERMILION, marker="o", linestyle="none", label="measured: θ_k / θ_0 for each eigenvector"
    )
    poly.legend(loc="lower left")
    plots.step_axes(cost, num_steps, 1e-22, 10, ylabel="share of the cost that is left", title="share of the cost left")
    looks = {"conjugate gradients": CONJUGATE, "steepest descent": STEEPEST}
    lines = {name: plots.curve(cost, **look) for name, look in looks.items()}
    bound = plots.curve(cost, **style.THEORY)
    for name, look in looks.items():
        cost.plot([], [], label=name, **look)
    cost.plot([], [], label="Chebyshev's bound", **style.THEORY)
    cost.legend(loc="lower left")
    grid = np.linspace(0, 1.05, 400)

    def draw(result, step):
        eigenvalues, distinct, quick, slow = result
        top = eigenvalues[-1]
        shares = quick.loss / quick.loss[0]
        done = int(np.argmax(shares < 1e-20)) if np.any(shares < 1e-20) else len(shares) - 1
        k = min(step, done)  # there is nothing left to do afterwards
        p = theory.residual_polynomial(quick.step_size[1 : done + 1], quick.beta[1 : done + 1], top * grid)
        smooth.set_data(*plots.within(poly, grid, p[k]))
        left = quick.theta / quick.theta[0]
        dots.set_data(eigenvalues / top, left[k])
        for name, run in (("conjugate gradients", quick), ("steepest descent", slow)):
            values = run.loss[: step + 1] / run.loss[0]
            lines[name].set_data(np.arange(len(values)), np.maximum(values, 1e-30))
        steps = np.arange(num_steps + 1)
        bound.set_data(steps, np.maximum(theory.chebyshev_bound(top / eigenvalues[0], steps), 1e-30))
        exact = theory.residual_polynomial(quick.step_size[1 : done + 1], quick.beta[1 : done + 1], eigenvalues)
        arrived = np.flatnonzero(shares < 1e-10)
        needed = int(arrived[0]) if len(arrived) else "more than 12"
        # Where κ is small fewer steps are enough for this precision, as the bound says.
        known = distinct and len(arrived) and theory.chebyshev_bound(top / eigenvalues[0], distinct - 1) > 1e-9
        return [
            Row("steps to the minimum (a share below 1e-10)", distinct if distinct else "as many as it takes", needed,
                atol=0 if known else None),
            Row("largest gap between the dots and the polynomial", 0.0, float(np.abs(exact[k] - left[k]).max()),
                atol=1e-6),
            Row("share of the cost left after k steps: at most", float(theory.chebyshev_bound(top / eigenvalues[0], k)),
                float(shares[k])),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {"distinct": int_slider("different curvatures", 1, 8, 4),
         "spread": slider("spread within each", 0, 0.2, 0),
         "condition": log_slider("κ condition number", 2, 1000, 50)},
        description="Left: the residual polynomial of conjugate gradients over the curvature, passing through zero at "
        "every distinct eigenvalue after as many steps. Right: the share of the cost that is left by step for "
        "conjugate "
        "gradients, steepest descent, and Chebyshev's bound.",
        presets={"two curvatures": {"distinct": 2}, "two clusters": {"distinct": 2, "spread": 0.05},
                 "eight curvatures": {"distinct": 8, "condition": 100.0}, "κ = 1000": {"condition": 1000.0}},
        num_steps=num_steps,
    )  # fmt: skip


def held_wolfe(run, gradients, curvature, sufficient_decrease=1e-4):
    """A readout row: at how many steps of a recorded run both strong Wolfe conditions hold, out of those made.

    gradients: at all recorded points, (T+1, n).
    """
    before = np.sum(gradients[:-1] * run.direction[1:], axis=-1)
    after = np.sum(gradients[1:] * run.direction[1:], axis=-1)
    held, made = theory.wolfe_steps(run.loss, run.step_size[1:], before, after, sufficient_decrease, curvature)
    return Row("steps that fulfil both Wolfe conditions", made, held, atol=0)


@style.applied()
def nonlinear(compute, valley, num_steps=40):
    """8.6.2: nonlinear CG on Rosenbrock. compute(beta, restart_every, curvature, start) -> (run, steepest run, c₂)."""
    stage = Stage(1000, 440, width_ratios=[1.1, 1])
    land, cost = stage.axes
    plots.cost_map(land, valley)
    land.set_title("Rosenbrock's valley")
    plain = plots.trail(land, label="steepest descent", markersize=2.5, linewidth=1.2, **STEEPEST)
    path = plots.trail(land, label="conjugate gradients", markersize=5, **CONJUGATE)
    restarts = plots.marks(land, marker="P", color=style.BLUE, size=11, label="restart, β = 0")
    land.legend(loc="lower right")
    plots.step_axes(cost, 150, 1e-20, 1e3, xlabel="points of the cost looked at", title="cost")
    lines = [plots.curve(cost, markersize=3, **look) for look in (CONJUGATE, STEEPEST)]

    def draw(result, step):
        run, slow, curvature = result
        path.set(run.theta, step)
        plain.set(slow.theta[: num_steps + 1], step)
        at = np.flatnonzero((run.beta[1 : step + 1] == 0) & (run.step_size[1 : step + 1] > 0))
        restarts.set_data(*plots.within(land, *run.theta[at].T))
        for line, data in zip(lines, (run, slow), strict=True):
            line.set_data(np.r_[1, data.evaluations[1 : step + 1]], np.maximum(data.loss[: step + 1], 1e-30))
        rows = [held_wolfe(run, valley.gradient(run.theta), curvature)]
        for name, data in (("conjugate gradients", run), ("steepest descent", slow)):
            arrived = np.flatnonzero(data.loss < 1e-9)
            used = int(data.evaluations[max(arrived[0], 1)]) if len(arrived) else f"not in {len(data.loss) - 1} steps"
            rows.append(Row(f"{name}: points looked at until the cost is below 1e-9", None, used))
        return rows

    return Explorer(
        stage, compute, draw,
        {"beta": choice("β formula", _BETAS),
         "restart_every": choice("restart every", {"never": 0, "2 steps": 2, "5 steps": 5, "20 steps": 20}),
         "curvature": log_slider("c₂ accuracy of the line search", 1e-3, 0.45, 0.1),
         "start": point(land, valley.start)},
        description="Left: nonlinear conjugate gradients follow Rosenbrock's curved valley to its minimum while "
        "steepest "
        "descent creeps. Right: the cost of both against the points of the cost that were looked at.",
        presets={"Polak-Ribière+": {}, "Fletcher-Reeves": {"beta": "fletcher_reeves"},
                 "Fletcher-Reeves with restarts": {"beta": "fletcher_reeves", "restart_every": 5},
                 "careless search": {"curvature": 0.45}},
        num_steps=num_steps,
    )  # fmt: skip


@style.applied()
def digits(compute, reference, budget=60):
    """8.6.2: nonlinear CG trains a net. compute(beta, restart_every, curvature) -> (run, its gradients, c₂).

    reference: the run of steepest descent, drawn once.
    """
    stage = Stage(960, 400, width_ratios=[1.5, 1])
    cost, kept = stage.axes
    plots.step_axes(cost, budget, 1e-4, 5, ylabel="training cost", xlabel="passes over the 1,300 digits",
                    title="a net on real digits")  # fmt: skip
    cost.plot(np.r_[1, reference.evaluations[1:]], reference.loss, label="steepest descent", markersize=3, **STEEPEST)
    line = plots.curve(cost, markersize=4, **CONJUGATE)
    cost.plot([], [], label="conjugate gradients", **CONJUGATE)
    cost.legend(loc="lower left")
    plots.step_axes(kept, 32, -0.3, 2, ylabel="β", log=False, title="how much of the last direction is kept")
    bars = plots.curve(kept, color=style.BLUE, marker="o")
    kept.axhline(0, color=style.GREY, linewidth=1)

    def draw(result):
        run, gradients, curvature = result
        line.set_data(np.r_[1, run.evaluations[1:]], run.loss)
        bars.set_data(run.steps[1:], np.clip(run.beta[1:], -0.25, 1.95))
        within = np.flatnonzero(run.evaluations[1:] <= budget)
        slow = np.flatnonzero(reference.evaluations[1:] <= budget)
        return [
            held_wolfe(run, gradients, curvature),
            Row(f"training cost within {budget} passes: conjugate gradients", None, f"{run.loss[1 + within[-1]]:.2g}"),
            Row(f"training cost within {budget} passes: steepest descent", None, f"{reference.loss[1 + slow[-1]]:.2g}"),
        ]

    return Explorer(
        stage, compute, draw,
        {"beta": choice("β formula", _BETAS),
         "restart_every": choice("restart every", {"never": 0, "1 step": 1, "5 steps": 5, "20 steps": 20}),
         "curvature": log_slider("c₂ accuracy of the line search", 1e-2, 0.45, 0.1)},
        description="Left: the training cost of a network on real digits against passes over the data, for conjugate "
        "gradients and for steepest descent, which stays far higher. Right: β by step.",
        presets={"Polak-Ribière+": {}, "Fletcher-Reeves": {"beta": "fletcher_reeves"},
                 "restart every 5": {"restart_every": 5}, "restart every step": {"restart_every": 1}},
    )  # fmt: skip
