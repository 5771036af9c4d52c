"""tools/make_outputs.py: what it stores, that it stores the same twice, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def make_outputs(*paths, cwd=ROOT):
    command = [sys.executable, str(ROOT / "tools" / "make_outputs.py"), *map(str, paths)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook as an editor leaves it: (the file as stored by a first run, and by a second run from elsewhere)."""
    path = tmp_path_factory.mktemp("lesson") / "lesson.ipynb"
    show = "import ipywidgets\nbox = ipywidgets.VBox([ipywidgets.IntSlider()])\nbox"
    cells = [
        new_markdown_cell("# A lesson"),
        new_code_cell("import os, sys\nprint(os.path.basename(os.getcwd()))\nsys.stdout.flush()\nprint('θ')"),
        new_code_cell(show),
        new_code_cell("box", metadata={"execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"}, "tags": ["kept"]}),
        new_code_cell("ipywidgets.IntSlider()"),
    ]
    metadata = {
        "kernelspec": {"display_name": "my machine", "name": "mine"},
        "language_info": {"name": "python", "version": "3.11.0"},
        "widgets": {WIDGET_VIEW: {}},
    }
    notebook = new_notebook(cells=cells, metadata=metadata)
    kept = notebook.cells[1].id
    del notebook.cells[2]["id"]
    notebook.nbformat_minor = 4  # from before cells had ids
    path.write_text(nbformat.versions[4].nbjson.JSONWriter().writes(notebook), encoding="utf-8")
    runs = []
    for cwd in (ROOT, path.parent):
        done = make_outputs(path, cwd=cwd)
        assert done.returncode == 0, done.stderr
        runs.append(path.read_bytes())
    return runs, kept, path.parent.name


def test_a_second_run_changes_nothing(stored):
    first, second = stored[0]
    assert first == second
    assert first.endswith(b"}\n") and not first.endswith(b"\n\n") and b"\r" not in first


def test_outputs_of_one_machine_stay_until_they_are_cleared(tmp_path):
    path = tmp_path / "lesson.ipynb"
    timed = new_code_cell("import time\nprint(time.time_ns())", metadata={"tags": ["nbval-ignore-output"]})
    path.write_text(nbformat.writes(new_notebook(cells=[timed, new_code_cell("print(time.time_ns())")])), "utf-8")
    texts = []
    for clear in (False, False, True):
        notebook = nbformat.read(path, as_version=4)
        if clear:
            notebook.cells[0].outputs = []
            path.write_text(nbformat.writes(notebook), "utf-8")
        done = make_outputs(path)
        assert done.returncode == 0, done.stderr
        texts.append([cell.outputs[0].text for cell in nbformat.read(path, as_version=4).cells])
    (first, plain_first), (second, plain_second), (third, _) = texts
    assert first == second != third
    assert plain_first != plain_second  # an ordinary cell's output is the new one


def test_cells_are_executed_in_the_notebooks_folder(stored):
    runs, _, folder = stored
    cells = nbformat.reads(runs[0].decode(), as_version=4).cells
    (stream,) = cells[1].outputs
    assert stream.text == f"{folder}\nθ\n"
    assert [cell.execution_count for cell in cells[1:]] == [1, 2, 3, 4]


def test_nothing_of_the_machine_or_the_session_is_stored(stored):
    notebook = nbformat.reads(stored[0][0].decode(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell.metadata for cell in notebook.cells] == [{}, {}, {}, {"tags": ["kept"]}, {}]


def test_cells_keep_their_ids_and_get_one_where_they_had_none(stored):
    runs, kept, _ = stored
    ids = [cell.id for cell in nbformat.reads(runs[0].decode(), as_version=4).cells]
    assert ids[1] == kept
    assert len(set(ids)) == len(ids)


def test_widget_views_stay_and_one_widget_has_one_name(stored):
    cells = nbformat.reads(stored[0][0].decode(), as_version=4).cells
    names = [cell.outputs[0].data[WIDGET_VIEW]["model_id"] for cell in cells[2:]]
    assert names[0] == names[1] != names[2]


REFUSED = {
    "error.ipynb": ("1 / 0", "ZeroDivisionError: division by zero"),
    "warning.ipynb": ("import warnings\nwarnings.warn('mind the step')", "cell 1 writes to stderr:\n"),
    "tagged.ipynb": ("1 / 0  # the tag raises-exception", "cell 1 ends in an error:\nZeroDivisionError"),
}
BROKEN = {
    "words.ipynb": "not json",
    "nothing.ipynb": '{"nbformat": 4}',
    "old.ipynb": '{"nbformat": 3, "worksheets": []}',
    "missing.ipynb": None,
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """One run over notebooks that may not be stored, a good one last: (the run, the folder, the files before it)."""
    folder = tmp_path_factory.mktemp("refused")
    for name, (source, _) in REFUSED.items():
        tags = {"tags": ["raises-exception"]} if name == "tagged.ipynb" else {}
        nbformat.write(new_notebook(cells=[new_code_cell("1"), new_code_cell(source, metadata=tags)]), folder / name)
    for name, content in BROKEN.items():
        if content is not None:
            (folder / name).write_text(content)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    nbformat.write(new_notebook(cells=[new_code_cell("6 * 7")]), folder / "good.ipynb")
    return make_outputs(*REFUSED, *BROKEN, "good.ipynb", cwd=folder), folder, before


@pytest.mark.parametrize("name", REFUSED)
def test_a_notebook_that_fails_is_reported(refused, name):
    report = refused[0].stderr.split(f"{name}: NOT stored: ")[1].split(": NOT stored: ")[0]
    assert REFUSED[name][1] in report
    assert "\x1b" not in report


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_notebook_is_reported(refused, name):
    assert f"\n{name}: NOT stored: " in refused[0].stderr


def test_nothing_that_was_refused_is_touched(refused):
    done, folder, before = refused
    assert done.returncode == 1
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"good.ipynb"}


def test_the_others_are_stored_all_the_same(refused):
    done, folder, _ = refused
    assert "good.ipynb: 1 cells" in done.stdout
    (cell,) = nbformat.read(folder / "good.ipynb", as_version=4).cells
    assert cell.outputs[0].data["text/plain"] == "42"
