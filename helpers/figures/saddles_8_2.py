"""The figures of lesson 8.2.3, saddle points and flat regions. Each takes the compute function in the notebook."""

import numpy as np

from helpers import plots, style, theory_8_2
from helpers.controls import choice, int_slider, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.relief import Relief, Surface, view_controls
from helpers.stage import Stage


def latest(compute):
    """The same function, which computes only when an argument has changed: turning a surface moves no path."""
    last = []

    def remember(**values):
        key = {name: tuple(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}
        if not last or last[0] != key:
            last[:] = [key, compute(**values)]
        return last[1]

    return remember


@style.applied()
def surfaces(compute, landscapes, num_steps=300):
    """8.2.3: a saddle, a monkey saddle, a plateau in 3-D and from above. compute(surface, learning_rate, momentum,
    start) -> Trajectory.
    """
    stage = Stage(1100, 410, columns=3, width_ratios=[1.25, 1, 0.72])
    box, land, speed = stage.axes
    known = {name: Surface(landscape) for name, landscape in landscapes.items()}
    relief = Relief(box)
    box.set_title("drag to turn")
    land.set_title("from above")
    above_path = plots.Trail(land, color=style.VERMILION, markersize=3, linewidth=1.6)
    path = relief.trail(color=style.VERMILION, markersize=3)
    plots.step_axes(speed, num_steps, 1e-5, 1e2, ylabel="‖g‖", title="length of the gradient")
    line = plots.curve(speed, color=style.VERMILION)
    lowest = plots.marks(speed, marker="o", size=10)
    gone = plots.note(land, 0.03, 0.03)
    run_again, drawn = latest(compute), []

    def draw(result):
        name, run, start, rate, momentum, azimuth, elevation = result
        if not drawn or drawn[0] != name:
            for artist in drawn[1:]:
                artist.remove()
            drawn[:] = [name, *known[name].draw_map(land, landscapes[name].minima)]
            stage.stale = True
        relief.show(known[name], azimuth, elevation)
        above_path.set(run.theta)
        path.set(run.theta)
        norm = np.linalg.norm(run.gradient[1:], axis=1)
        line.set_data(*plots.within(speed, np.arange(len(norm)), np.where(norm > 0, norm, np.nan)))
        inside = np.flatnonzero(np.abs(run.theta[:-1]).max(axis=1) < known[name].bounds[0][1])
        rows = [_leaving_row(name, run, start, rate, momentum)]
        if name == "plateau" or not len(inside):
            lowest.set_data([], [])
        else:
            slowest = inside[np.argmin(norm[inside])]
            lowest.set_data([slowest], [norm[slowest] if norm[slowest] > 1e-5 else np.nan])
            rows.append(Row("smallest ‖g‖ on the way", None, _rounded(norm[slowest])))
        gone.set_text("it stays where it is" if np.all(norm == 0) else "")
        return [*rows, Row("‖g‖ at the start", None, _rounded(norm[0]))]

    def turned(azimuth, elevation, surface, learning_rate, momentum, start):
        run = run_again(surface=surface, learning_rate=learning_rate, momentum=momentum, start=start)
        return surface, run, start, learning_rate, momentum, azimuth, elevation

    hole = {"surface": "plateau", "start": (-2.4, 1.2), "learning_rate": 0.1, "azimuth": -40, "elevation": 45}
    return Explorer(
        stage,
        turned,
        draw,
        {
            "surface": choice("surface", list(landscapes)),
            "learning_rate": log_slider("ε learning rate", 0.01, 1, 0.05),
            "momentum": slider("α momentum", 0, 0.95, 0, step=0.05),
            "start": point(land, (-1.5, -0.001)),
            **view_controls(box, -50, 32),
        },
        description="A cost surface in 3-D, shaded, which can be turned, and the same from above with contours. "
        "The path of "
        "gradient descent runs into the saddle, slows down there and leaves sideways. Beside it the length of the "
        "gradient: "
        "a deep dip where the path is near the saddle.",
        presets={
            "saddle": {},
            "exactly on the ridge": {"start": (-1.5, 0.0)},
            "monkey saddle": {"surface": "monkey saddle", "start": (0.9, -0.001), "azimuth": -50},
            "plateau": hole,
            "plateau, with momentum": {**hole, "momentum": 0.9},
        },
    )  # fmt: skip


def _rounded(value):
    return float(f"{value:.2g}") if np.isfinite(value) else value


def _leaving_row(name, run, start, rate, momentum):
    """How many steps it takes to get away from the slow place: theory | measured, where theory says something exact."""
    if name == "plateau":
        arrived = np.flatnonzero(np.linalg.norm(run.theta, axis=1) <= 1)
        radius = float(np.hypot(*start))
        title = "steps until 1 from the minimum"
        if radius <= 1 or radius > 6:
            return Row(title, None, int(arrived[0]) if len(arrived) else "not in 300 steps")
        r = np.linspace(1, radius, 2001)
        slow = np.exp(r**2 / 2) / r  # dr/dk = −ε r exp(−r²/2)
        steps = float(np.sum((slow[1:] + slow[:-1]) / 2 * np.diff(r)) / rate)
        if momentum:
            return Row(title, None, int(arrived[0]) if len(arrived) else "not in 300 steps")
        close = len(arrived) and rate <= 0.2
        return Row(title, round(steps), int(arrived[0]) if len(arrived) else "not in 300 steps",
                   rtol=0.05 if close else None, atol=2 if close else None)  # fmt: skip
    if name == "saddle":
        away = np.flatnonzero(np.abs(run.theta[:, 1]) >= 1 - 1e-12)
        distance = abs(float(start[1]))
        title = "steps until |θ₂| = 1, from log(1/|θ₂|)/log(1 + ε|λ|)"
        measured = int(away[0]) if len(away) else "not in 300 steps"
        if not 0 < distance < 1:
            return Row(title, "never" if distance == 0 else 0, measured)
        steps = theory_8_2.escape_steps(rate, 2.0, distance, momentum)
        return Row(title, steps, measured, atol=0 if len(away) else None)
    away = np.flatnonzero(np.linalg.norm(run.theta, axis=1) >= 1.5)
    return Row("steps until 1.5 from the saddle", None, int(away[0]) if len(away) else "not in 300 steps")


@style.applied()
def leaving(compute):
    """8.2.3: how long it takes to leave. compute(kind, distance, learning_rate, momentum) ->
    (kind, starts, Trajectory of all starts, ε, α), the reader's own start last.
    """
    stage = Stage(980, 390, columns=2, width_ratios=[1.1, 1])
    away, times = stage.axes
    plots.step_axes(away, 400, 1e-9, 10, ylabel="distance from the saddle", title="one run")
    line = plots.curve(away, color=style.VERMILION)
    expected = plots.curve(away, **style.THEORY)
    away.axhline(1, color=style.PURPLE, linestyle="--", linewidth=1.6)
    away.text(392, 1.25, "it has left", ha="right", va="bottom", color=style.PURPLE, fontsize=13)
    times.set(xscale="log", yscale="log", xlim=(3e-10, 1), ylim=(1, 1e5), xlabel="r₀  distance at the start",
              ylabel="steps until it has left", title="all starts")  # fmt: skip
    times.minorticks_off()
    theory = plots.curve(times, **style.THEORY)
    dots = plots.curve(times, color=style.INK, linestyle="none", marker="s", markersize=7)
    here = plots.marks(times, marker="o")
    times.plot([], [], label="theory", **style.THEORY)
    times.plot([], [], color=style.INK, linestyle="none", marker="s", label="measured")
    times.legend(loc="upper right")

    def draw(result):
        kind, starts, run, rate, momentum = result
        r = np.nan_to_num(np.linalg.norm(run.theta, axis=-1), nan=1e3)
        k = np.arange(401)
        line.set_data(k, np.minimum(r[:401, -1], 1e3))
        measured = [int(np.argmax(gone)) if gone.any() else np.nan for gone in (r >= 1 - 1e-12).T]
        last = float(starts[-1])
        if kind == "saddle":
            steps = [theory_8_2.escape_steps(rate, 1.0, float(start), momentum) for start in starts]
            path = theory_8_2.escape_distance(k, rate, 1.0, last, momentum)
            tail = Row("growth of the distance per step", theory_8_2.escape_growth(rate, 1.0, momentum))
        else:
            steps = theory_8_2.monkey_escape_steps(rate, starts, momentum)
            path = 1 / np.maximum(1 / last - 3 * rate * k / (1 - momentum), 1e-3)
            tail = Row("steps: (1/r₀ − 1)(1 − α)/(3ε), for small ε")
        expected.set_data(k, np.minimum(path, 1e3))
        order = np.argsort(starts[:-1])
        theory.set_data(starts[order], np.maximum(np.asarray(steps)[order], 1))
        dots.set_data(starts[:-1], measured[:-1])
        here.set_data([last], [max(steps[-1], 1)])
        found = measured[-1] if np.isfinite(measured[-1]) else f"not in {len(r) - 1:,} steps"
        exact = kind == "saddle" and isinstance(found, int)
        return [
            Row("steps until it has left", steps[-1] if kind == "saddle" else round(float(steps[-1])), found,
                atol=0 if exact else None),
            tail,
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "kind": choice("kind", {"saddle, curvature −1": "saddle", "monkey saddle, curvature 0": "monkey"}),
            "distance": log_slider("r₀ distance at the start", 1e-9, 0.5, 1e-6),
            "learning_rate": log_slider("ε learning rate", 0.01, 1, 0.1),
            "momentum": slider("α momentum", 0, 0.95, 0, step=0.05),
        },
        description="Left: the distance of gradient descent from a saddle against the step, a straight line on a "
        "logarithmic "
        "axis. Right: the number of steps until it has left against the distance at the start: it grows only with the "
        "logarithm for an ordinary saddle, and in proportion for a monkey saddle.",
        presets={
            "r₀ = 10⁻⁶": {},
            "a thousand times nearer": {"distance": 1e-9},
            "with momentum 0.9": {"momentum": 0.9},
            "monkey saddle": {"kind": "monkey", "distance": 1e-2},
        },
    )


@style.applied()
def spectra(compute):
    """8.2.3: random symmetric Hessians. compute(n, shift, samples) -> (eigenvalues, n, shift, shares, samples)."""
    stage = Stage(1020, 390, columns=2, width_ratios=[1.2, 1])
    density, chance = stage.axes
    edges = np.linspace(-2.2, 2.2, 67)
    density.set(xlim=(-2.2, 2.2), ylim=(0, 1.0), xlabel="eigenvalue, in units of the semicircle's radius",
                ylabel="density", title="eigenvalues of a random Hessian")  # fmt: skip
    density.axvline(0, color=style.INK, linewidth=1)
    bars = plots.curve(density, color=style.VERMILION, linewidth=1.8, drawstyle="steps-mid")
    circle = plots.curve(density, **{**style.THEORY, "linewidth": 3})
    density.plot([], [], color=style.VERMILION, drawstyle="steps-mid", label="measured")
    density.plot([], [], label="semicircle (n → ∞)", **style.THEORY)
    density.legend(loc="upper right")
    split = plots.note(density, 0.03, 0.97, color=style.INK)
    order = np.arange(1, 6)
    exact = np.array([theory_8_2.positive_definite_probability(n) for n in order])
    chance.set(yscale="log", xlim=(0.7, 5.3), ylim=(1e-5, 1.5), xlabel="n  number of parameters", ylabel="probability",
               title="all eigenvalues positive: a minimum")  # fmt: skip
    chance.set_xticks(order)
    chance.minorticks_off()
    chance.plot(order, 0.5**order, color=style.GREY, linestyle="--", marker="D", label="2⁻ⁿ, independent coins")
    chance.plot(order, exact, label="exact, no shift", **style.THEORY)
    dots = plots.curve(chance, color=style.VERMILION, linestyle="none", marker="o", markersize=9)
    chance.plot([], [], color=style.VERMILION, linestyle="none", marker="o", label="measured")
    chance.legend(loc="lower left")

    def draw(result):
        eigenvalues, n, shift, shares, samples = result
        count, _ = np.histogram(eigenvalues, edges, density=False)
        middle = (edges[1:] + edges[:-1]) / 2
        bars.set_data(middle, count / eigenvalues.size / np.diff(edges))
        fine = np.linspace(-2.2, 2.2, 441)
        circle.set_data(fine, theory_8_2.semicircle(fine - shift))
        dots.set_data(order, np.where(shares > 0, shares, np.nan))
        below = float(np.mean(eigenvalues < 0))
        split.set_text(f"{100 * below:.0f} % negative")
        rows = [Row("share of negative eigenvalues: semicircle | measured", theory_8_2.negative_share(shift), below,
                    atol=0.04 if n >= 20 else None)]  # fmt: skip
        for k, p, share in zip(order, exact, shares, strict=True):
            spread = 4 * np.sqrt(p * (1 - p) / samples)
            rows.append(Row(f"P(all positive), n = {k}", p if shift == 0 else None, float(share),
                            atol=float(f"{spread:.1g}") if shift == 0 else None))  # fmt: skip
        return rows

    return Explorer(
        stage,
        compute,
        draw,
        {
            "n": int_slider("n number of parameters", 1, 100, 50),
            "shift": slider("shift of all eigenvalues", -1.2, 1.2, 0, step=0.05),
            "samples": choice("random matrices", {"20 thousand": 20_000, "200 thousand": 200_000}, 200_000),
        },
        description="Left: the histogram of the eigenvalues of random symmetric matrices against Wigner's "
        "semicircle. Right: "
        "the probability that all are positive, on a logarithmic axis, falling much faster with the number of "
        "parameters than "
        "if each eigenvalue's sign were an independent coin.",
        presets={
            "high above: a few ways up": {"shift": -0.8},
            "half way": {},
            "lower: few ways down are left": {"shift": 0.8},
            "at the bottom: minima": {"shift": 1.1},
            "n = 2": {"n": 2},
        },
    )


@style.applied()
def three_methods(compute, landscape, num_steps=60):
    """8.2.3: gradient descent, Newton, saddle-free Newton near a saddle. compute(learning_rate, damping, start) ->
    (dict of
    Trajectory, damping).
    """
    stage = Stage(1020, 410, columns=2, width_ratios=[1.25, 1])
    land, cost = stage.axes
    surface = Surface(landscape)
    surface.draw_map(land, landscape.minima)
    for y in (-1, 1):
        land.axhline(y / np.sqrt(3), color=style.INK, linewidth=1, linestyle=":")
    land.text(-1.95, 0.55, "λ < 0 between the dotted lines", va="top", fontsize=12)
    land.plot(0, 0, "X", color="white", markeredgecolor=style.INK, markersize=13, zorder=2)
    looks = {
        "gradient descent": {"color": style.INK, "linestyle": "--", "marker": "s"},
        "Newton": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
        "saddle-free Newton": {"color": style.BLUE, "linestyle": "-.", "marker": "^"},
    }
    paths = {name: plots.trail(land, label=name, markersize=4, **look) for name, look in looks.items()}
    land.legend(loc="lower right")
    land.set_title("✕ saddle, ★ minima")
    plots.step_axes(cost, num_steps, -0.35, 1.4, ylabel="J", log=False, title="cost")
    lines = {name: plots.curve(cost, markersize=3, **look) for name, look in looks.items()}
    for height, text in ((-0.25, "minimum"), (0.0, "saddle")):
        cost.axhline(height, color=style.GREY, linewidth=1, linestyle=":")
        cost.text(num_steps, height, text, ha="right", va="bottom", fontsize=12)

    def draw(result):
        runs, damping = result
        rows = []
        for name, run in runs.items():
            paths[name].set(run.theta)
            lines[name].set_data(*plots.within(cost, np.arange(len(run.loss)), run.loss))
        y = float(runs["Newton"].theta[0, 1])
        slope, bend = y**3 - y, 3 * y * y - 1
        for name, size in (("Newton", bend + damping), ("saddle-free Newton", abs(bend) + damping)):
            after = float(runs[name].theta[1, 1])
            if abs(size) > 1e-9 and np.isfinite(after):
                rows.append(Row(f"{name}: θ₂ after one step", y - slope / size, after, rtol=1e-9, atol=1e-12))
        return rows + [Row(f"{name}: where it ends", None, _where(run)) for name, run in runs.items()]

    def _where(run):
        last = run.theta[-1]
        if not np.isfinite(last).all():
            return plots.diverged_text(run)
        places = {"the saddle": [0, 0], "a minimum": [0, 1], "a minimum ": [0, -1]}
        near = {name: float(np.linalg.norm(last - place)) for name, place in places.items()}
        best = min(near, key=near.get)
        return best.strip() if near[best] < 0.01 else f"still on its way after {num_steps} steps"

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε of gradient descent", 0.01, 1, 0.2),
            "damping": slider("α damping of both Newtons", 0, 3, 0, step=0.05),
            "start": point(land, (1.5, 0.005)),
        },
        description="A cost with a saddle between two minima from above. Newton's method goes straight to the "
        "saddle and "
        "stays there; gradient descent slows down near it and leaves; saddle-free Newton leaves at once. Beside "
        "it the cost "
        "of the three against the step.",
        presets={
            "Newton is caught": {},
            "damping saves it": {"damping": 1.5},
            "outside the dotted lines": {"start": (1.5, 0.9)},
            "very near the ridge": {"start": (1.5, 0.0001)},
            "farther from it": {"start": (1.5, 0.3)},
        },
    )
