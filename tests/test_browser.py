"""The figures in a real JupyterLab, in a real Chromium: what the reader sees and what the reader's hands do."""

import io
import os
import re
import shutil
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from conftest import require_chromium
from lessons import NOTEBOOKS
from live_figures import FIGURES, Figure
from PIL import Image

from bench import lab

pytestmark = pytest.mark.browser

# ---------------------------------------------------------------------- server, browser, page


@pytest.fixture(scope="module")
def browser():
    """Chromium. Not for the whole session: Playwright's event loop would be in the way of other tests'."""
    executable = require_chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=lab.CHROMIUM_ARGUMENTS, headless=True)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    """JupyterLab over a copy of the lessons and three of the notebook with two figures, one of them with outputs."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(lab.ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(lab.ROOT / "res", folder / "res")
    code = [FIGURES.strip(), "bowl_view", "plane_view = plane_figure()\nplane_view"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in code])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for name in ("figures", "twice", "stored"):  # one for each page: pages on one notebook would share a kernel
        nbformat.write(notebook, folder / f"{name}.ipynb")
    command = [sys.executable, str(lab.ROOT / "tools" / "make_outputs.py"), str(folder / "stored.ipynb")]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(lab.ROOT)})
    with lab.Lab(folder) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(browser, server):
    with lab.Notebook(browser, server, "figures.ipynb") as opened:
        yield opened.run_all()


@pytest.fixture
def bowl(notebook):
    figure = Figure(notebook, 0, "bowl_view")
    notebook.python("delay = 0.0; bowl_view.reset(); computed.clear()")
    figure.node.scroll_into_view_if_needed()
    yield figure
    assert notebook.complaints == []
    assert notebook.errors() == []


@pytest.fixture
def plane(notebook):
    figure = Figure(notebook, 1, "plane_view")
    notebook.python("plane_view.reset()")
    figure.node.scroll_into_view_if_needed()
    yield figure
    assert notebook.complaints == []


# ---------------------------------------------------------------------- the lessons


def answers(lesson, figure):
    """Move a figure's first slider by keyboard: the live layer must change."""
    handle = figure.box.locator(".noUi-handle").first
    live = figure.node.locator(".live")
    before = live.inner_html()
    handle.focus()
    now, end = (handle.get_attribute(f"aria-value{which}") for which in ("now", "max"))
    lesson.page.keyboard.press("ArrowLeft" if now == end else "ArrowRight")
    lesson.rest()
    assert live.inner_html() != before, "the figure does not answer"
    assert figure.node.locator(".failed").count() == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_lesson_runs_and_its_figures_answer(browser, server, path):
    with lab.Notebook(browser, server, f"notebooks/{path.name}") as lesson:
        lesson.run_all()
        assert lesson.errors() == []
        figures = lesson.page.locator(".live-figure")
        made = lesson.python("import gc; print(sum(type(o).__name__ == 'Explorer' for o in gc.get_objects()))")
        assert figures.count() == int(made)
        moved = 0
        for index in range(figures.count()):
            figure = Figure(lesson, index, "")
            figure.node.scroll_into_view_if_needed()
            figure.node.locator(".live svg").wait_for()
            assert figure.node.locator("img").evaluate("image => image.naturalWidth") > 100
            assert figure.node.locator(".failed").count() == 0
            # Two of a lesson's figures are moved here; every control of all of them is moved without a browser.
            if moved < 2 and figure.box.locator(".noUi-handle").count():
                answers(lesson, figure)
                moved += 1
        assert moved
        assert lesson.complaints == []


# ---------------------------------------------------------------------- the picture


def test_page_shows_both_layers_as_matplotlib_draws_them(bowl):
    same_as_matplotlib(bowl, scale=1)


def test_so_it_does_with_twice_the_dots(browser, server):
    with lab.Notebook(browser, server, "twice.ipynb", scale=2) as opened:
        same_as_matplotlib(Figure(opened.run_all(), 0, "bowl_view"), scale=2)


def same_as_matplotlib(figure, scale):
    """Hold a picture of the page against Matplotlib's own drawing of the whole figure."""
    figure.node.scroll_into_view_if_needed()
    picture = figure.node.locator(".picture")
    box = picture.bounding_box()
    assert (box["width"], box["height"]) == pytest.approx((900, 420), abs=0.01)
    shots = [picture.screenshot()]
    live = figure.node.locator(".live")
    live.evaluate("node => { node.style.visibility = 'hidden'; }")
    shots.append(picture.screenshot())
    live.evaluate("node => { node.style.visibility = ''; }")
    shots += [eval(figure.python(what)) for what in ("it.stage.still(scale=2)", "it.canvas.background")]
    size = (900 * scale, 420 * scale)
    # A picture that lies between two rows of dots takes one more: the window is as large as Matplotlib's own.
    cut = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    cut = [one.crop((0, 0, *size)) for one in cut[:2]] + [one.resize(size, Image.Resampling.BOX) for one in cut[2:]]
    shown, shown_empty, drawn, drawn_empty = (np.asarray(one).astype(int) for one in cut)
    pairs = ((shown, shown_empty), (drawn, drawn_empty))
    ours, theirs = (np.abs(full - empty).sum(axis=2) > 150 for full, empty in pairs)
    assert theirs.sum() > 1000 * scale**2  # the path and the curve are there
    # Two renderers' edges differ by part of a dot, and the page's dots may lie one lower: every dot of one lies
    # beside a dot of the other.
    for one, other in ((ours, theirs), (theirs, ours)):
        near = np.lib.stride_tricks.sliding_window_view(np.pad(other, 2), (5, 5)).any(axis=(2, 3))
        assert (one & ~near).sum() < 0.01 * one.sum()


@pytest.mark.parametrize("width", [1280, 700, 500])
def test_layers_keep_together_and_fit_into_the_page(bowl, width):
    try:
        bowl.page.set_viewport_size({"width": width, "height": 900})
        bowl.page.wait_for_timeout(400)  # JupyterLab lays out anew
        bowl.node.scroll_into_view_if_needed()
        picture, image, live = (bowl.node.locator(part).bounding_box() for part in (".picture", "img", ".live svg"))
        for one in (image, live):
            assert one == pytest.approx(picture, abs=0.51)
        assert picture["width"] <= 900.5 and picture["x"] + picture["width"] <= width
        assert picture["height"] / picture["width"] == pytest.approx(420 / 900, abs=2e-3)
        bowl.page.mouse.click(*bowl.at(0.25, 0.25))
        bowl.notebook.rest()
        assert bowl.start() == pytest.approx([-1.5, 1.5], abs=6 / bowl.area.bounding_box()["width"])
    finally:
        bowl.page.set_viewport_size({"width": 1280, "height": 900})


def test_stored_picture_is_shown_without_running(browser, server):
    with lab.Notebook(browser, server, "stored.ipynb") as opened:
        pictures = opened.page.locator(".jp-OutputArea-output img")
        pictures.nth(1).wait_for()
        assert pictures.evaluate_all("all => all.map(one => [one.width, one.height])") == [[900, 420], [600, 300]]
        assert opened.page.locator(".jp-OutputArea-output").all_inner_texts() == ["", ""]
        assert opened.complaints == []


def test_same_cell_run_twice_shows_a_working_figure(notebook, plane):
    notebook.run_cell(2)
    again = Figure(notebook, 1, "plane_view")
    assert notebook.page.locator(".live-figure").count() == 2
    again.box.locator(".noUi-handle").first.focus()
    before = again.node.locator(".live").inner_html()
    again.press("ArrowRight")
    assert again.node.locator(".live").inner_html() != before


# ---------------------------------------------------------------------- the point on the picture


def test_click_puts_the_start_point(bowl):
    bowl.page.mouse.click(*bowl.at(0.75, 0.25))
    bowl.notebook.rest()
    assert bowl.start() == pytest.approx([1.5, 1.5], abs=0.02)
    assert bowl.shows_what_the_kernel_drew()


def test_fast_drag_ends_with_the_last_value_and_leaves_nothing_behind(bowl):
    bowl.notebook.python("delay = 0.5")  # far longer than the sixty moves of even a slow machine are apart
    moves = 60
    bowl.page.mouse.move(*bowl.at(0.1, 0.1))
    bowl.page.mouse.down()
    for move in range(moves):
        bowl.page.mouse.move(*bowl.at(0.1 + 0.8 * (move + 1) / moves, 0.3))
    bowl.page.mouse.up()
    bowl.notebook.rest()
    assert bowl.start() == pytest.approx([2.4, 1.2], abs=0.02)
    assert bowl.shows_what_the_kernel_drew()
    # While one is computed the newest position waits, and no other.
    assert 1 < int(bowl.notebook.python("print(len(computed))")) < moves / 2


def test_drag_that_leaves_the_area_stays_at_its_edge(bowl):
    bowl.page.mouse.move(*bowl.at(0.5, 0.5))
    bowl.page.mouse.down()
    bowl.page.mouse.move(*bowl.at(1.4, -0.3), steps=5)
    bowl.page.mouse.up()
    bowl.notebook.rest()
    assert bowl.start() == pytest.approx([3, 3], abs=1e-6)


def test_arrow_keys_move_the_point_and_not_the_notebook(bowl):
    active = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"
    width = bowl.area.bounding_box()["width"]
    bowl.area.focus()
    cell, before = bowl.page.evaluate(active), bowl.start()
    bowl.press("ArrowRight", "ArrowRight", "ArrowDown")
    coarse = bowl.start() - before
    assert coarse == pytest.approx([16 * 6 / width, -8 * 6 / bowl.area.bounding_box()["height"]], abs=0.01)
    bowl.press("Shift+ArrowLeft")
    assert bowl.start()[0] - before[0] == pytest.approx(15 * 6 / width, abs=0.01)
    # Letters and Escape are JupyterLab's shortcuts elsewhere: "b" would insert a cell, "x" cut one.
    cells = bowl.page.locator(".jp-Cell").count()
    bowl.press("b", "x", "d", "d")
    assert bowl.page.locator(".jp-Cell").count() == cells
    assert bowl.page.evaluate(active) == cell
    bowl.button("Reset")
    bowl.area.focus()
    bowl.press("ArrowRight")  # counted from where the point now is
    assert bowl.start() == pytest.approx([-2.5 + 8 * 6 / width, 1], abs=0.01)


def test_point_on_a_plane_sets_two_sliders(plane):
    plane.page.mouse.click(*plane.at(0.25, 2 / 3))
    plane.notebook.rest()
    assert plane.value("share") == pytest.approx(0.25, abs=0.006)
    assert plane.value("rate") == pytest.approx(0.01, rel=0.03)
    texts = plane.box.locator(".widget-readout").all_inner_texts()
    assert [float(text) for text in texts] == pytest.approx([plane.value("share"), plane.value("rate")], rel=0.006)


# ---------------------------------------------------------------------- sliders, buttons, player


def test_sliders_tell_a_screen_reader_name_and_number_and_answer_to_keys(bowl):
    handles = bowl.box.locator(".noUi-handle")
    told = "all => all.map(one => [one.getAttribute('aria-label'), Number(one.getAttribute('aria-valuetext'))])"
    assert handles.evaluate_all(told) == [["ε learning rate", 0.05], ["α momentum", 0.6], ["k step", 40]]
    handles.nth(0).focus()
    bowl.press("ArrowRight")
    assert bowl.value("learning_rate") == pytest.approx(0.05 * 10**0.03, rel=1e-3)  # a hundredth of three decades
    assert handles.evaluate_all(told)[0][1] == pytest.approx(bowl.value("learning_rate"), rel=0.006)
    bowl.press("Shift+ArrowRight")
    assert 1 < bowl.value("learning_rate") / (0.05 * 10**0.03) < 1.001
    handles.nth(1).focus()
    bowl.press("ArrowLeft", "ArrowLeft")
    assert bowl.value("momentum") == pytest.approx(0.58)
    assert bowl.shows_what_the_kernel_drew()


def test_tab_goes_through_the_controls_to_the_picture(bowl):
    bowl.box.get_by_role("button", name="fast", exact=True).focus()
    names, focused = [], bowl.page.locator("*:focus")
    for _ in range(14):
        names.append(focused.get_attribute("aria-label") or focused.inner_text().strip())
        bowl.page.keyboard.press("Tab")
    order = ["fast", "fails", "Reset", "ε learning rate", "α momentum", "play or pause", "Step", "k step"]
    order.append("start point: click, drag or arrow keys")
    assert [name for name in dict.fromkeys(names) if name in order] == order


def test_presets_keep_their_exact_values_and_reset_goes_back(bowl):
    for _ in range(2):
        bowl.button("fast")
        assert bowl.value("learning_rate") == 0.123
        assert float(bowl.box.locator(".widget-readout").first.inner_text()) == 0.123
        bowl.button("Reset")
        assert bowl.value("learning_rate") == 0.05
    assert len(eval(bowl.notebook.python("print(computed)"))) == 4  # each computed once


def test_number_typed_into_a_slider(bowl):
    number = bowl.box.locator(".widget-readout").first

    def type_in(text):
        number.click()
        bowl.page.keyboard.press("Control+a")
        bowl.page.keyboard.type(text)
        bowl.press("Enter")
        return bowl.value("learning_rate")

    assert type_in("nonsense") == 0.05
    assert type_in("0.0502") == pytest.approx(0.0502, rel=5e-4)
    assert type_in("1e99") == 1
    assert type_in("-3") in (1, 1e-3)
    assert bowl.python("it.error") == "None" and bowl.shows_what_the_kernel_drew()


def test_play_runs_to_the_end_starts_over_and_is_ended_by_reset(bowl):
    play = bowl.box.get_by_role("button", name="play or pause")
    bowl.button("Step")
    assert bowl.value("step") == 0  # one further than the last is the first
    bowl.button("Step")
    assert bowl.value("step") == 1
    play.click()
    step = bowl.box.locator(".widget-readout").last
    bowl.page.wait_for_function("node => node.textContent === '40'", arg=step.element_handle())
    bowl.notebook.rest(400)
    assert bowl.python("(it.values['step'], it.player.children[0].playing)") == "(40, False)"
    assert bowl.shows_what_the_kernel_drew()
    play.click()
    bowl.page.wait_for_function("node => Number(node.textContent) > 3 && Number(node.textContent) < 40",
                                arg=step.element_handle())  # fmt: skip
    bowl.box.get_by_role("button", name=re.compile("Reset$")).click()
    bowl.notebook.rest(400)
    assert bowl.python("(it.values['step'], it.player.children[0].playing)") == "(40, False)"
    assert int(bowl.notebook.python("print(len(computed))")) <= 1  # an animation computes nothing, Reset once


def test_exception_is_shown_in_the_readout_and_the_next_change_recovers(bowl):
    bowl.button("fails")
    failed = bowl.node.locator(".readout .failed")
    assert failed.inner_text() == "ArithmeticError: too much <momentum>"
    red, green, blue = map(int, re.findall(r"\d+", failed.evaluate("node => getComputedStyle(node).color"))[:3])
    assert red > 100 and max(green, blue) < red / 2
    bowl.button("fast")
    assert failed.count() == 0 and "theory" in bowl.node.locator(".readout").inner_text()
    assert bowl.shows_what_the_kernel_drew()


def test_a_background_that_changes_is_swapped_without_a_blank_frame(plane):
    plane.page.evaluate("""image => {
        window.seen = { frames: 0, blank: 0, backgrounds: new Set() };
        const look = () => {
            seen.frames += 1;
            seen.blank += !(image.complete && image.naturalWidth > 0);
            seen.backgrounds.add(image.src);
            if (window.seen) requestAnimationFrame(look);
        };
        look();
    }""", plane.node.locator("img").element_handle())  # fmt: skip
    plane.page.mouse.move(*plane.at(0.1, 0.5))
    plane.page.mouse.down()
    for share in np.linspace(0.1, 0.9, 25):
        plane.page.mouse.move(*plane.at(share, 0.5))
    plane.page.mouse.up()
    plane.notebook.rest(400)
    frames, blank, backgrounds = plane.page.evaluate("() => [seen.frames, seen.blank, seen.backgrounds.size]")
    assert frames > 10 and blank == 0 and backgrounds >= 3
    # What the page shows is the kernel's last background, byte for byte.
    shown = plane.node.locator("img").evaluate("""async image => {
        const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        return [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('');
    }""")
    kept = plane.notebook.python("import hashlib; print(hashlib.sha256(plane_view.canvas.background).hexdigest())")
    assert shown == kept.strip()
