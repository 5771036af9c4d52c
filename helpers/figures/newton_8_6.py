"""The figures of lesson 8.6.1, Newton's method. Each takes the compute function that stands in the notebook."""

import functools
import time
from dataclasses import replace

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from helpers import plots, style
from helpers import theory_8_6 as theory
from helpers.controls import choice, int_slider, point, slider, switch
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 90)), np.sin(np.linspace(0, 2 * np.pi, 90))])


def _model_ellipse(theta, gradient, matrix):
    """The contour through theta of the quadratic with this gradient and matrix there, shape (2, 90); None if there is
    no ellipse, because the matrix is not positive definite.
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] <= 0:
        return None
    step = -np.linalg.solve(matrix, gradient)
    size = np.sqrt(step @ matrix @ step)
    return (theta + step)[:, None] + vectors @ (size / np.sqrt(values)[:, None] * (vectors.T @ _CIRCLE))


@style.applied()
def newton_path(compute, valley, num_steps=12):
    """8.6.1: Newton's path on Rosenbrock's valley with the model each step trusts. compute -> (long run, damping)."""
    stage = Stage(1000, 440, width_ratios=[1.15, 1])
    land, cost = stage.axes
    plots.cost_map(land, replace(valley, bounds=((-2.0, 2.0), (-4.0, 4.0))))
    land.set_title("Rosenbrock's valley")
    model = plots.curve(land, color=style.PURPLE, linestyle="--", linewidth=2)
    land.plot([], [], color=style.PURPLE, linestyle="--", linewidth=2, label="contour of the model trusted last")
    path = plots.trail(land, color=style.VERMILION, label="Newton's method", markersize=5)
    land.legend(loc="lower left")
    uphill = plots.note(land, 0.97, 0.03)
    plots.step_axes(cost, num_steps, 1e-20, 1e5, title="cost: uphill, then down like a stone")
    line = plots.curve(cost, color=style.VERMILION, marker="o")
    gone = plots.note(cost, 0.05, 0.05)

    def draw(result, step):
        run, damping = result
        shown = run.theta[: step + 1]
        path.set(shown)
        line.set_data(np.arange(step + 1), np.maximum(run.loss[: step + 1], 1e-30))
        gone.set_text(plots.diverged_text(run))
        ellipse = None
        if step and np.all(np.isfinite(run.theta[step])):
            matrix = run.hessian[step] + damping * np.eye(2)
            ellipse = _model_ellipse(run.theta[step - 1], run.gradient[step], matrix)
        model.set_data(*(plots.within(land, *ellipse) if ellipse is not None else ([], [])))
        indefinite = step > 0 and ellipse is None and not run.diverged
        uphill.set_text("H + αI not positive definite here" if indefinite else "")
        return _newton_rows(run, damping, step)

    return Explorer(
        stage, compute, draw,
        {"damping": slider("α damping", 0, 5, 0, step=0.1), "start": point(land, valley.start)},
        description="Left: the path of Newton's method on Rosenbrock's curved valley, with the ellipse of the "
        "quadratic "
        "model of the last step. Right: the cost by step: it jumps up by a factor of three hundred in the second step "
        "and is practically zero after the sixth.",
        presets={
            "the book's start": {}, "a little damping": {"damping": 1.0}, "much damping": {"damping": 5.0},
            "uphill at once": {"start": [0.0, 1.5]},
        },
        num_steps=num_steps,
    )  # fmt: skip


def _newton_rows(run, damping, step):
    if run.diverged:
        return [Row("where it ends", None, plots.diverged_text(run))]
    distances = np.linalg.norm(run.theta - 1, axis=1)
    rows = []
    if damping == 0 and step:
        moved = run.theta[step, 0] - run.theta[step - 1, 0]
        predicted = 100 * moved**4 + (1 - run.theta[step, 0]) ** 2
        rows.append(Row("cost after this step, 100 s⁴ + (1 − θ₁)²", predicted, run.loss[step], rtol=1e-6, atol=1e-9))
    elif damping > 0:
        flattest = 0.5 * (1002 - np.sqrt(1002**2 - 1600))  # the smaller eigenvalue of the Hessian at (1, 1)
        measured = theory.tail_factor(distances)
        known = np.isfinite(measured) and distances[-1] < 0.1
        rows.append(Row("factor per step in the end, α/(λ₁ + α)", damping / (flattest + damping),
                        measured if known else "too few steps to say", rtol=0.05 if known else None))  # fmt: skip
    arrived = np.flatnonzero(run.loss < 1e-15)
    steps = int(arrived[0]) if len(arrived) else f"not in {len(run.loss) - 1}"
    rows.append(Row("steps until the cost is below 1e-15", None, steps))
    rows.append(Row("highest cost on the way", None, f"{np.nanmax(run.loss):,.1f}"))
    return rows


@style.applied()
def saddle_capture(compute, saddle, num_steps=12):
    """8.6.1: damped and saddle-free Newton at x² − y². compute(damping, start) -> (Newton, saddle-free, damping)."""
    stage = Stage(1000, 420, width_ratios=[1, 1.1])
    land, factors = stage.axes
    plots.cost_map(land, saddle)
    land.plot(0, 0, "P", color="white", markeredgecolor=style.INK, markersize=13)
    land.set_title("x² − y² and its saddle point")
    path = plots.trail(land, color=style.VERMILION, label="Newton, damped", markersize=5)
    free = plots.trail(land, color=style.BLUE, linestyle="-.", marker="^", label="saddle-free Newton", markersize=5)
    land.legend(loc="upper right")
    for left, right, text, shade in ((0, 1, "captured", "#e5e7eb"), (1, 2, "thrown across", "#f6dccb"),
                                     (2, 6, "leaves downhill", "#ffffff")):  # fmt: skip
        factors.axvspan(left, right, color=shade, zorder=0)
        turn = 0 if right > 2 else 90
        factors.text((left + right) / 2, 6.6, text, ha="center", va="top", fontsize=13, rotation=turn)
    alpha = np.linspace(0, 6, 601)
    alpha[200] = np.nan  # the pole
    factors.plot(alpha, alpha / (alpha - 2), color=style.VERMILION, label="along θ₂ (curvature −2): α/(α − 2)")
    factors.plot(
        alpha, alpha / (alpha + 2), color=style.BLUE, linestyle="--", label="along θ₁ (curvature 2): α/(α + 2)"
    )
    factors.axhspan(-1, 1, color=style.SKY, alpha=0.18, zorder=0)
    factors.set(xlim=(0, 6), ylim=(-7, 7), xlabel="α damping", ylabel="factor per step", title="what a step multiplies")
    factors.legend(loc="lower right")
    here = plots.marks(factors, marker="o", size=11)
    gone = plots.note(land, 0.03, 0.03)

    def draw(result, step):
        run, loose, damping = result
        path.set(run.theta[: num_steps + 1], step)
        free.set(loose.theta[: num_steps + 1], step)
        expected = theory.damped_newton_factor([2.0, -2.0], damping)
        here.set_data([damping, damping], plots.within(factors, [0, 0], np.nan_to_num(expected, posinf=1e9))[1])
        if run.diverged:
            gone.set_text("H + αI singular: no step" if run.diverged_at == 1 else plots.diverged_text(run))
            return [Row("along θ₂: factor per step", "no step: 2 − α = 0" if damping == 2 else float(expected[1]))]
        gone.set_text("")
        measured = run.theta[1] / np.where(run.theta[0] == 0, np.nan, run.theta[0])
        rows = [Row(f"along {name}: factor per step", float(theory_value), float(value),
                    atol=1e-9 if np.isfinite(value) else None, rtol=1e-9 if np.isfinite(value) else None)
                for name, theory_value, value in zip(("θ₁", "θ₂"), expected, measured, strict=True)]  # fmt: skip
        distance = np.linalg.norm(run.theta[num_steps])
        ends = "at the saddle" if distance < 0.02 else "far away" if distance > 3 else "in between"
        return [*rows, Row("where it is after 12 steps", None, ends)]

    return Explorer(
        stage, compute, draw,
        {"damping": slider("α damping", 0, 6, 0.4, step=0.05), "start": point(land, (-1.5, 0.3))},
        description="Left: Newton's method with little damping walks into the saddle of x² − y² while the saddle-free "
        "method leaves it. Right: the factor per step along both axes against the damping α, with its pole at α = 2.",
        presets={
            "captured": {"damping": 0.4}, "thrown across": {"damping": 1.4}, "singular": {"damping": 2.0},
            "leaves downhill": {"damping": 3.0}, "no damping": {"damping": 0.0},
        },
        num_steps=num_steps,
    )  # fmt: skip


@style.applied()
def newton_basins(compute, land, bounds=(-5.0, 5.0)):
    """8.6.1: where Newton's method ends from every start. compute -> (ends (R, R, 2), eigenvalues there, damping,
    kind).
    """
    stage = Stage(960, 470, width_ratios=[1, 1])
    basins, map_axes = stage.axes
    colours = ["#f3f4f6", style.BLUE, style.ORANGE, style.VERMILION]
    names = ["nowhere in 40 steps", "a minimum", "a saddle", "the maximum"]
    picture = plots.heat(basins, (*bounds, *bounds), cmap=ListedColormap(colours), vmin=-0.5, vmax=3.5)
    basins.set(xlabel="start θ₁", ylabel="start θ₂", title="where a start ends", aspect="equal")
    handles = [Patch(facecolor=c, edgecolor=style.INK, label=n) for c, n in zip(colours, names, strict=True)]
    plots.cost_map(map_axes, land, minima=False)
    map_axes.set(xlim=bounds, ylim=bounds, title="the cost and its nine critical points", aspect="equal")
    critical = theory.HIMMELBLAU_CRITICAL
    eigenvalues = np.linalg.eigvalsh(land.hessian(critical))
    kinds = 1 + np.sum(eigenvalues < 0, axis=1)
    shapes = {1: "*", 2: "P", 3: "^"}
    for axes in (basins, map_axes):
        for kind, shape in shapes.items():
            axes.plot(*critical[kinds == kind].T, shape, color=colours[kind], markeredgecolor="white", linestyle="none",
                      markersize=14, zorder=5, animated=axes is basins)  # fmt: skip
    handles = [handles[0]] + [Line2D([], [], marker=shapes[k], color=colours[k], linestyle="none", markersize=11,
                                     label=names[k]) for k in (1, 2, 3)]  # fmt: skip
    stage.figure.legend(handles=handles, loc="outside lower center", ncols=4)

    def draw(result):
        ends, damping, method = result
        distance = np.linalg.norm(ends[..., None, :] - critical, axis=-1)
        nearest = distance.argmin(axis=-1)
        found = distance.min(axis=-1) < 0.05
        kind = np.where(found, kinds[nearest], 0)
        picture.set_data(kind)
        if method == "newton":
            expected = theory.attracts(eigenvalues, damping)
        else:
            expected = kinds == 1
        reached = np.isin(np.arange(9), nearest[found])
        # Close to the value of α at which a point stops to attract 40 steps do not tell.
        close = method == "newton" and np.any(np.abs(eigenvalues / 2 + damping) < 0.25 * np.abs(eigenvalues))
        counted = Row("critical points that attract starts", int(expected.sum()), int(reached.sum()),
                      atol=None if close else 0)  # fmt: skip
        shares = [
            Row(f"starts that end in {names[k]}, %", None, round(100 * float(np.mean(kind == k)))) for k in (1, 2, 3)
        ]
        return [counted, *shares]

    return Explorer(
        stage, compute, draw,
        {"damping": slider("α damping", 0, 60, 0, step=1),
         "method": choice("method", {"Newton": "newton", "saddle-free Newton": "saddle_free_newton"})},
        description="Left: every start on a square coloured by what kind of critical point the method ends in. With "
        "Newton's method large parts lead to saddles and to the maximum. Right: the cost with its four minima, four "
        "saddles and one maximum.",
        presets={"Newton": {}, "α = 12": {"damping": 12.0}, "α = 40": {"damping": 40.0},
                 "saddle-free": {"method": "saddle_free_newton"}},
    )  # fmt: skip


_TIMED = (50, 100, 200, 400, 800)


@functools.cache
def _seconds_to_solve():
    """Measured on this machine, once: the best of three solutions of n linear equations, for each n in _TIMED."""
    rng = np.random.default_rng(0)
    seconds = []
    for n in _TIMED:
        matrix, right = rng.normal(size=(n, n)) + n * np.eye(n), rng.normal(size=n)
        tries = []
        for _ in range(3):
            began = time.perf_counter()
            np.linalg.solve(matrix, right)
            tries.append(time.perf_counter() - began)
        seconds.append(min(tries))
    return np.array(seconds)


@style.applied()
def cube(compute):
    """8.6.1: the work of one Newton step. compute(n) -> multiplications counted while solving n equations."""
    stage = Stage(960, 400, width_ratios=[1, 1])
    work, clock = stage.axes
    n = np.unique(np.round(np.geomspace(2, 1000, 80)).astype(int))
    work.loglog(n, theory.elimination_multiplications(n), color=style.GREY, linestyle=":", linewidth=2.5,
                label="n³/3 + n² − n/3: solving Hd = −g")  # fmt: skip
    work.loglog(n, n, color=style.BLUE, linestyle="--", label="n: scaling a gradient step")
    counted = plots.marks(work, marker="o", size=12, label="counted while solving")
    work.set(xlim=(2, 1000), ylim=(1, 1e9), xlabel="n parameters", ylabel="multiplications", title="counted")
    work.legend(loc="upper left")
    clock.set(xscale="log", yscale="log", xlim=(30, 1500), ylim=(1e-6, 1), xlabel="n parameters", ylabel="seconds",
              title="np.linalg.solve on this machine")  # fmt: skip
    times = plots.curve(clock, color=style.VERMILION, marker="o")
    cubic = plots.curve(clock, **style.THEORY)
    hint = plots.note(clock, 0.05, 0.95, color=style.INK, fontweight="normal")

    def draw(result):
        number, multiplications, measure = result
        counted.set_data([number], [multiplications])
        if measure:
            seconds = _seconds_to_solve()
            times.set_data(_TIMED, seconds)
            cubic.set_data(_TIMED, seconds[-1] * (np.array(_TIMED) / _TIMED[-1]) ** 3)
            years = seconds[-1] * (1e6 / _TIMED[-1]) ** 3 / (365.25 * 86400)
            hint.set_text(f"dotted: n³ through the last point\nn = 1,000,000 would take {years:.2g} years a step")
        else:
            times.set_data([], [])
            cubic.set_data([], [])
            hint.set_text("tick “measure” to time it here")
        return [Row("multiplications to solve for one step", int(theory.elimination_multiplications(number)),
                    int(multiplications), atol=0),
                Row("the same for n = 1,000,000", float(theory.elimination_multiplications(10**6)))]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {"n": int_slider("n parameters", 2, 200, 60), "measure": switch("measure: time it on this machine")},
        description="Left: multiplications needed to solve n linear equations against n on logarithmic axes: a line of "
        "slope 3, far above the line of slope 1 for a gradient step. Right: seconds measured on the reader's machine.",
        presets={"n = 10": {"n": 10}, "n = 100": {"n": 100}, "measure": {"measure": True}},
    )  # fmt: skip
