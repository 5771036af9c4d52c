"""The two layers of a figure: what is in which, and that both have the same geometry."""

import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from PIL import Image

from helpers import plots
from helpers.stage import Stage

SVG = "{http://www.w3.org/2000/svg}"


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def places(path):
    """The points of a path of straight lines, shape (n, 2)."""
    return np.array(re.findall(r"-?\d+\.?\d*", path.get("d")), dtype=float).reshape(-1, 2)


@pytest.fixture
def figure():
    stage = Stage(600, 300)
    ax, bx = stage.axes
    ax.set(xlim=(0, 10), ylim=(0, 10), xlabel="x")
    bx.set(xlim=(0, 4), ylim=(1e-4, 1), yscale="log")
    return stage, plots.trail(ax, "momentum"), plots.curve(bx)


def test_background_is_twice_the_size_and_has_no_live_artist(figure):
    stage, trail, curve = figure
    empty = stage.background()
    trail.set(np.array([[1.0, 1.0], [9.0, 9.0]]))
    curve.set_data([0, 4], [1, 1e-4])
    assert stage.background() == empty
    assert pixels(empty).shape == (600, 1200, 3)


def test_background_takes_up_what_was_drawn_into_it(figure):
    stage, *_ = figure
    before = stage.background()
    stage.axes[0].plot([0, 10], [0, 10])
    assert stage.background() != before


def test_live_layer_has_the_live_artists_alone_where_they_belong(figure):
    stage, trail, curve = figure
    theta = np.array([[1.0, 1.0], [5.0, 8.0], [9.0, 2.0]])
    steps, loss = np.arange(5), 10.0 ** -np.arange(5)
    trail.set(theta)
    curve.set_data(steps, loss)
    root = ElementTree.fromstring(stage.live())
    lines = [p for p in root.iter(f"{SVG}path") if "stroke" in p.get("style", "") and p.get("d").count("L") in (2, 4)]
    line, markers = (p for p in lines if p.get("d").count("L") == 2)
    (cost,) = (p for p in lines if p.get("d").count("L") == 4)
    expected = np.array([stage.to_pixels(stage.axes[0], *point) for point in theta])
    np.testing.assert_allclose(places(line), expected, atol=0.006)
    np.testing.assert_allclose(places(markers), expected, atol=0.006)
    right = np.array([stage.to_pixels(stage.axes[1], *point) for point in zip(steps, loss, strict=True)])
    np.testing.assert_allclose(places(cost), right, atol=0.006)
    assert "<text" not in stage.live()  # axes, ticks and labels are in the background


def test_still_picture_shows_the_live_artists_at_the_same_place(figure):
    stage, trail, _ = figure
    stage.background()
    empty = pixels(stage.still(scale=2))
    trail.set(np.array([[3.0, 7.0]]))
    changed = np.abs(pixels(stage.still(scale=2)) - empty).sum(axis=2) > 60
    rows, columns = np.nonzero(changed)
    x, y = stage.to_pixels(stage.axes[0], 3, 7)
    # Matplotlib moves a marker to a whole dot of the picture, here half a pixel of the page.
    assert abs((columns.mean() + 0.5) / 2 - x) < 0.55
    assert abs((rows.mean() + 0.5) / 2 - y) < 0.55


def test_nothing_far_outside_reaches_the_page(figure):
    stage, trail, _ = figure
    trail.set(np.array([[1.0, 1.0], [1e300, -1e300], [np.nan, 0.0], [2.0, 2.0]]))
    root = ElementTree.fromstring(stage.live())
    for path in root.iter(f"{SVG}path"):
        # A line may run to far away, 30 widths of the axes, but no further; markers out there are left out.
        assert np.abs(places(path)).max() < 40 * 600 if "L" in path.get("d") else True
        assert "nan" not in path.get("d") and "inf" not in path.get("d")
    (markers,) = (path for path in root.iter(f"{SVG}path") if "marker-mid" in path.get("style"))
    assert len(places(markers)) == 2


def test_live_artists_are_drawn_from_the_lowest_to_the_highest():
    stage = Stage(300, 200, columns=1)
    above = plots.curve(stage.axes, color="#ff0000", zorder=5)
    below = plots.curve(stage.axes, color="#0000ff", zorder=4)
    for line in (above, below):
        line.set_data([0, 1], [0, 1])
    svg = stage.live()
    assert svg.index("#0000ff") < svg.index("#ff0000")


def test_two_frames_share_no_name(figure):
    stage, trail, _ = figure
    trail.set(np.array([[1.0, 1.0], [5.0, 8.0]]))
    names = [set(re.findall(r'id="([^"]+)"', stage.live())) for _ in range(2)]
    assert names[0] and names[1] and not names[0] & names[1]


def test_picture_does_not_jump_when_a_label_gets_longer(figure):
    stage, *_ = figure
    box = stage.box(stage.axes[0])
    stage.axes[0].set_ylabel("a label\nof two lines")
    stage.axes[0].set_title("and a title")
    stage.background()
    assert stage.box(stage.axes[0]) == box


def test_pixels_and_data_are_inverse_also_on_a_log_axis(figure):
    stage, *_ = figure
    for axes, point in ((stage.axes[0], (2.5, 7.5)), (stage.axes[1], (1.0, 1e-3))):
        np.testing.assert_allclose(stage.to_data(axes, *stage.to_pixels(axes, *point)), point, rtol=1e-12)
    left, top, right, bottom = stage.box(stage.axes[0])
    np.testing.assert_allclose(stage.to_data(stage.axes[0], left, top), (0, 10), atol=1e-9)
    np.testing.assert_allclose(stage.to_data(stage.axes[0], right, bottom), (10, 0), atol=1e-9)


def test_readers_own_settings_and_pyplot_stay_untouched(figure):
    before = dict(matplotlib.rcParams)
    stage, trail, _ = figure
    trail.set(np.array([[1.0, 1.0]]))
    stage.background(), stage.live(), stage.still()
    assert dict(matplotlib.rcParams) == before
    assert _pylab_helpers.Gcf.get_all_fig_managers() == []


def test_heat_is_sent_as_a_picture():
    stage = Stage(300, 200, columns=1)
    picture = plots.heat(stage.axes, (0, 1, 0, 1))
    picture.set_data(np.linspace(0, 1, 12).reshape(3, 4))
    svg = stage.live()
    assert svg.count("<image") == 1 and "data:image/png;base64" in svg


@pytest.mark.parametrize("size", [dict(width=10), dict(height=1.5), dict(columns=0), dict(rows="two")])
def test_bad_size_is_named(size):
    with pytest.raises(ValueError, match=next(iter(size))):
        Stage(**size)
