"""Execute notebooks from a clean kernel and store their outputs: the one way in which outputs get into the repository.

    python tools/make_outputs.py                         every notebook in notebooks/
    python tools/make_outputs.py notebooks/index.ipynb   these

A notebook is written only if all its cells ran without an error and without a word on stderr. What differs between two
machines or two runs (kernel names, versions, times, the random names of widgets) is taken out or replaced by names that
follow from the notebook, so that a second run changes nothing. For the same reason a cell tagged nbval-ignore-output,
whose output is of one machine (a measured time), is executed but keeps the outputs it has; clear them to renew them.
"""

import argparse
import os
import re
import sys
import tempfile
import time
import uuid
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MACHINE_TAG = "nbval-ignore-output"
# Left by front ends in a cell's metadata: the moment and the looks of one session, not part of the lesson.
SESSION_METADATA = ("execution", "ExecuteTime", "collapsed", "scrolled", "trusted", "outputId", "colab")


class OutputError(Exception):
    """A notebook that may not be stored, and why."""


def read_notebook(path):
    """Read a notebook and give every cell an id that stays.

    Args:
        path: the file, notebook format 4.
    Returns:
        the notebook; cells without an id, or with one that another cell has, get one that follows from the notebook's
        name and the cell's place.
    Raises:
        OutputError: it is not a notebook.
    """
    try:
        # reads() would give a missing id a random one; this is the same reader without that step.
        notebook = nbformat.from_dict(nbformat.reader.reads(path.read_text(encoding="utf-8")))
        if notebook.get("nbformat") != 4:
            raise OutputError(f"needs notebook format 4, got {notebook.get('nbformat')}")
        notebook.nbformat_minor = 5
        seen = set()
        for index, cell in enumerate(notebook.get("cells", [])):
            if cell.get("id") is None or cell["id"] in seen:
                cell["id"] = uuid.uuid5(uuid.NAMESPACE_URL, f"{path.name}#{index}").hex[:8]
            seen.add(cell["id"])
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise OutputError(f"cannot be read: {error}") from error
    return notebook


def execute(notebook, folder, timeout):
    """Execute all cells in a new kernel of the Python that runs this tool.

    Args:
        notebook: the notebook; its outputs are replaced.
        folder: the kernel's working directory.
        timeout: seconds that one cell may take.
    Raises:
        OutputError: a cell failed, wrote to stderr, or took too long.
    """
    # No folders to search: "python3" then means this Python, not a kernel that a user has registered under that name.
    kernel = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    client = NotebookClient(
        notebook,
        km=kernel,
        timeout=timeout,
        coalesce_streams=True,
        record_timing=False,
        # The kernel's own remarks on how it is connected are no part of the report.
        extra_arguments=["--log-level=ERROR"],
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    # An empty IPython directory: no profile, start-up file or history of the user has a say.
    with tempfile.TemporaryDirectory() as ipython_dir:
        try:
            # cleanup_kc: nbclient leaves a kernel running if it did not make the kernel's manager itself.
            client.execute(cleanup_kc=True, env=os.environ | {"IPYTHONDIR": ipython_dir})
        except CellTimeoutError as error:
            raise OutputError(f"a cell took more than {timeout} s: {error}") from error
        except (CellExecutionError, DeadKernelError) as error:
            raise OutputError(str(error)) from error
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise OutputError(f"cell {number} ends in an error:\n{output.ename}: {output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                raise OutputError(f"cell {number} writes to stderr:\n{output.text}")


def normalize(notebook, name):
    """Take out of an executed notebook what differs from machine to machine and from run to run.

    Args:
        notebook: the notebook, changed in place.
        name: its file name, from which the names of its widgets follow.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python"}
    models = {}
    for cell in notebook.cells:
        for key in SESSION_METADATA:
            cell.metadata.pop(key, None)
        for number, output in enumerate(cell.get("outputs", [])):
            view = output.get("data", {}).get(WIDGET_VIEW)
            if view is not None:
                # The same widget shown twice stays one widget.
                stable = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{cell.id}#{number}").hex
                view["model_id"] = models.setdefault(view["model_id"], stable)


def write_notebook(notebook, path):
    """Write the notebook as UTF-8 with LF line ends; by way of a file beside it, so that no half notebook is left."""
    nbformat.validate(notebook)
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    scratch = path.with_suffix(".ipynb.new")
    scratch.write_bytes(text.encode("utf-8"))
    scratch.replace(path)


def make_outputs(path, timeout=600):
    """Execute one notebook in its own folder and store it with its outputs.

    Args:
        path: the notebook file, replaced.
        timeout: seconds that one cell may take.
    Returns:
        the number of code cells that were executed.
    Raises:
        OutputError: the notebook cannot be read, a cell failed, wrote to stderr, or took too long; nothing is written.
    """
    path = Path(path)
    notebook = read_notebook(path)
    of_a_machine = [cell for cell in notebook.cells if MACHINE_TAG in cell.metadata.get("tags", [])]
    kept = [(cell, cell.outputs) for cell in of_a_machine if cell.get("outputs")]
    execute(notebook, path.resolve().parent, timeout)
    for cell, outputs in kept:
        cell.outputs = outputs
    normalize(notebook, path.name)
    write_notebook(notebook, path)
    return sum(cell.cell_type == "code" and cell.execution_count is not None for cell in notebook.cells)


def main(arguments=None):
    """Run the tool; see the top of this file. Returns the exit status, 1 if a notebook was not stored."""
    parser = argparse.ArgumentParser(description="Execute notebooks and store their outputs.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="files; all of notebooks/ if none is named")
    parser.add_argument("--timeout", type=int, default=600, help="seconds a cell may take (default: %(default)s)")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    if not paths:
        print(f"no notebooks in {NOTEBOOKS}", file=sys.stderr)
        return 1
    failed = 0
    for path in paths:
        began = time.perf_counter()
        try:
            count = make_outputs(path, options.timeout)
        except OutputError as error:
            failed += 1
            message = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # a traceback comes in colours
            print(f"{path}: NOT stored: {message}", file=sys.stderr)
        else:
            print(f"{path}: {count} cells, {time.perf_counter() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
