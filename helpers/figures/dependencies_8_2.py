"""The figures of lesson 8.2.5, long-term dependencies: powers of one matrix, and products of fresh ones."""

import numpy as np

from helpers import plots, style, theory_8_2b
from helpers.controls import choice, int_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_ANGLES = np.linspace(0, 2 * np.pi, 91)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_RUNS, _DRAWN = 60, 20  # more lines would not be seen apart


def _angle(states, direction):
    """The angle between each state and a direction, 0 to π/2: a sine, since a cosine cannot tell small angles."""
    direction = direction / np.linalg.norm(direction)
    along = states @ direction
    across = np.linalg.norm(states - along[:, None] * direction, axis=1)
    with np.errstate(all="ignore"):
        return np.where(across + np.abs(along) > 0, np.arctan2(across, np.abs(along)), np.nan)


def _late_factor(values, smallest=1e-9):
    """The factor per step of a geometric sequence, over the second half of its entries above `smallest`."""
    useful = np.flatnonzero(values > smallest)
    if len(useful) < 4:
        return np.nan
    first, last = useful[len(useful) // 2], useful[-1]
    return float((values[last] / values[first]) ** (1 / (last - first))) if last > first else np.nan


@style.applied()
def powers(compute, vectors, num_steps=100):
    """8.2.5: one matrix again and again. compute(radius, ratio, t, start) -> (eigenvalues, states (T+1, 2), W^t, t).

    vectors: the eigenvectors as columns, (2, 2): they stay where they are, the sliders move the eigenvalues.
    """
    stage = Stage(1000, 420, columns=3, width_ratios=[1, 1, 1])
    plane, length, angle = stage.axes
    plane.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xlabel="x₁", ylabel="x₂")
    plane.set_title("unit circle under Wᵗ, rescaled")
    for column, name in zip(vectors.T, ("v₁", "v₂"), strict=True):
        unit = column / np.linalg.norm(column)
        plane.plot(*np.stack([-1.25 * unit, 1.25 * unit], axis=1), color=style.GREY, linewidth=1, linestyle="--")
        beside = 1.1 * unit + 0.1 * np.array([-unit[1], unit[0]])
        plane.text(*beside, name, color=style.GREY, fontsize=15, ha="center")
    image = plots.curve(plane, color=style.BLUE, linewidth=2)
    image.set_zorder(3)
    arrow = plots.arrows(plane, color=style.VERMILION)
    tip = plots.marks(plane, color=style.VERMILION, marker="o", size=10)
    start_mark = plots.marks(plane, color=style.INK, marker="s", size=9)
    plane.plot([], [], color=style.BLUE, label="all directions")
    plane.plot([], [], "o-", color=style.VERMILION, label="direction of x_t")
    plane.plot([], [], "s", color=style.INK, label="x₀")
    plane.legend(loc="lower right")

    plots.step_axes(length, num_steps, 1e-6, 1e6, ylabel="length ‖x_t‖", xlabel="t", title="length")
    for factor in (1.1, 0.9):
        length.plot([0, num_steps], [1, factor**num_steps], color="#9ca3af", linestyle=":", linewidth=1.5)
        length.text(
            0.7 * num_steps, factor ** (0.7 * num_steps) * (0.05 if factor < 1 else 5), f"{factor}ᵗ", color=style.GREY,
            fontsize=14, ha="center",
        )  # fmt: skip
    length_line = plots.curve(length, color=style.VERMILION)
    here = plots.marks(length, color=style.VERMILION, marker="o", size=10)
    plots.step_axes(angle, num_steps, 1e-12, 4, ylabel="angle to v₁, radians", xlabel="t", title="angle to v₁")
    angle_line = plots.curve(angle, color=style.BLUE)
    slope = plots.curve(angle, **style.THEORY)
    there = plots.marks(angle, color=style.BLUE, marker="o", size=10)
    angle.plot([], [], color=style.BLUE, label="measured")
    angle.plot([], [], label="slope |λ₂/λ₁|ᵗ", **style.THEORY)
    angle.legend(loc="lower left")

    def draw(result):
        eigenvalues, states, power, t = result
        steps = np.arange(len(states))
        shape = power @ _CIRCLE
        largest = np.linalg.norm(shape, axis=0).max()
        image.set_data(*(shape / largest if largest > 0 else shape))
        start_mark.set_data(states[:1, 0], states[:1, 1])
        norms = np.linalg.norm(states, axis=1)
        unit = states[t] / norms[t] if norms[t] > 0 else np.zeros(2)
        arrow.set(np.zeros((1, 2)), unit[None])
        tip.set_data(unit[:1], unit[1:])
        length_line.set_data(steps, np.where(norms > 0, norms, np.nan))
        here.set_data(steps[t : t + 1], norms[t : t + 1])
        angles = _angle(states, vectors[:, 0])
        angle_line.set_data(steps, np.where(angles > 0, angles, np.nan))
        there.set_data(steps[t : t + 1], np.maximum(angles[t : t + 1], 1e-12))
        ratio = abs(eigenvalues[1] / eigenvalues[0])
        factor = _late_factor(angles)
        slope.set_data(steps, angles[0] * ratio ** np.minimum(steps, 400.0) if ratio > 0 else np.nan * steps)
        coordinates = np.linalg.solve(vectors, states[0])
        predicted = vectors @ (eigenvalues**t * coordinates)
        return [
            Row(f"length of x_t at t = {t}, from V diag(λ)ᵗ V⁻¹", float(np.linalg.norm(predicted)), float(norms[t]),
                rtol=1e-6),
            Row("factor per step of the length, t = 99 to 100", float(abs(eigenvalues[0])),
                float(norms[-1] / norms[-2]) if norms[-2] > 0 else np.nan),
            Row("factor per step of the angle to v₁, in the end", float(ratio),
                factor if np.isfinite(factor) else "too small to tell", rtol=0.03 if np.isfinite(factor) else None),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "radius": slider("λ₁ spectral radius", 0.85, 1.15, 0.9),
            "ratio": slider("λ₂/λ₁", -0.95, 0.95, 0.8),
            "t": int_slider("t multiplications", 0, num_steps, 8),
            "start": point(plane, (-0.6, 0.75), label="start vector: click, drag or arrow keys"),
        },
        description="Left: the unit circle after t multiplications by one matrix, rescaled, flattens to a line along "
        "the first eigenvector. Middle: the length of the state grows or shrinks as the t-th power of the spectral "
        "radius. Right: its angle to the first eigenvector falls geometrically.",
        presets={
            "vanishes: 0.9": {"radius": 0.9, "t": 100},
            "explodes: 1.1": {"radius": 1.1, "t": 100},
            "aligned after 30": {"ratio": 0.8, "t": 30},
            "two equal sizes, nearly": {"ratio": -0.95, "t": 30},
        },
    )


@style.applied()
def same_or_fresh(compute, num_steps=100):
    """8.2.5: one random W again and again against a fresh one at each step.

    compute(width, gain) -> (width, gain, lengths relative to the start (T+1, 2, 60): same and fresh, spectral radii of
    the repeated matrices (60,)).
    """
    stage = Stage(1000, 400, columns=3, width_ratios=[1, 1, 0.9])
    same, fresh, spread = stage.axes
    low, high = 1e-10, 1e10
    thin, mean, theory_lines = [], [], []
    titles = ("the same W at every step", "a fresh W at every step")
    for axes, title, color in zip((same, fresh), titles, (style.VERMILION, style.BLUE), strict=True):
        plots.step_axes(axes, num_steps, low, high, ylabel="‖x_t‖ / ‖x₀‖", xlabel="multiplications t", title=title)
        axes.axhline(1, color="#9ca3af", linewidth=1)
        lines = plots.curve(axes, color=color, linewidth=0.9, alpha=0.55)
        thin.append(lines)
        mean.append(plots.curve(axes, color=color, linewidth=3.5))
        theory_lines.append(plots.curve(axes, **style.THEORY))
        axes.plot([], [], color=color, linewidth=0.9, label=f"{_DRAWN} of {_RUNS} runs")
        axes.plot([], [], color=color, linewidth=3.5, label="geometric mean")
    fresh.plot([], [], label="theory", **style.THEORY)
    for axes in (same, fresh):
        axes.legend(loc="lower left")
    plots.step_axes(spread, num_steps, 0, 12, ylabel="std of ln ‖x_t‖", xlabel="multiplications t", log=False,
                    title="spread of the runs")  # fmt: skip
    wide = [plots.curve(spread, color=style.VERMILION), plots.curve(spread, color=style.BLUE, linestyle="--")]
    wide_theory = plots.curve(spread, **style.THEORY)
    spread.plot([], [], color=style.VERMILION, label="same W: ∝ t")
    spread.plot([], [], color=style.BLUE, linestyle="--", label="fresh W: ∝ √t")
    spread.plot([], [], label="theory, fresh", **style.THEORY)
    spread.legend(loc="upper left")

    def draw(result):
        width, gain, lengths, radii = result
        steps = np.arange(len(lengths))
        with np.errstate(all="ignore"):
            logs = np.log(lengths)
        growth, variance = theory_8_2b.layer_growth(width, gain)
        gaps = np.append(steps[::2], steps[-1]).astype(float)
        gaps[-1] = np.nan
        for kind in (0, 1):
            runs = np.append(logs[::2, kind, :_DRAWN], np.full((1, _DRAWN), np.nan), axis=0)
            thin[kind].set_data(np.tile(gaps, _DRAWN), np.exp(runs.T.ravel()))
            mean[kind].set_data(steps, np.exp(logs[:, kind].mean(axis=1)))
            wide[kind].set_data(steps, logs[:, kind].std(axis=1, ddof=1))
        theory_lines[1].set_data(steps, np.exp(growth * steps))
        wide_theory.set_data(steps, np.sqrt(variance * steps))
        half = num_steps // 2
        late = (logs[-1, 0] - logs[half, 0]) / (num_steps - half)
        error = round(3 * np.sqrt(variance * num_steps / logs.shape[2]), 1)
        return [
            Row("fresh W: mean of ln ‖x_t‖ at t = 100, exact", num_steps * growth, float(logs[-1, 1].mean()),
                atol=error),
            Row("the same, by the rule of thumb t (ln gain − 1/(2n))", num_steps * (np.log(gain) - 0.5 / width)),
            Row("fresh W: spread of ln ‖x_t‖ at t = 100", float(np.sqrt(variance * num_steps)),
                float(logs[-1, 1].std(ddof=1)), rtol=0.3),
            Row("same W: growth of ln ‖x_t‖ per step, mean; theory ln ρ(W)", float(np.log(radii).mean()),
                float(late.mean()), atol=0.02),
            Row("same W: its spread among the matrices", float(np.log(radii).std(ddof=1)), float(late.std(ddof=1)),
                rtol=0.2),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "width": choice("n width of the layer", [2, 4, 8, 16, 32], 8),
            "gain": slider("gain", 0.8, 1.25, 1.0, step=0.001),
        },
        description="Lengths of vectors multiplied up to 100 times by random matrices, on a logarithmic axis. With "
        "the same matrix at every step the runs fan out along straight lines; with a fresh one each time they wander "
        "close to one slowly falling line. The spread grows like t for the same, like the root of t for fresh.",
        presets={
            "gain 1": {},
            "gain exp(1/(2n)), n = 8": {"gain": 1.064},
            "n = 32": {"width": 32},
            "n = 2": {"width": 2},
            "gain 1.1": {"gain": 1.1},
        },
    )
