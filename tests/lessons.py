"""What the tests of the notebooks share: where they are, and how one is run within this process."""

import contextlib
import io
import os
import re
import warnings
from pathlib import Path
from unittest import mock

import nbformat

from helpers.explorer import Explorer

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


def run(path):
    """Run a notebook's code cells here, every warning an error; return (its Explorers in order, what it wrote to
    stderr).
    """
    explorers, stderr = [], io.StringIO()
    build = Explorer.__init__

    def remember(self, *args, **kwargs):
        build(self, *args, **kwargs)
        explorers.append(self)

    namespace = {"__name__": "__main__"}
    with (
        mock.patch.object(Explorer, "__init__", remember),
        contextlib.chdir(path.parent),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(stderr),
        warnings.catch_warnings(),
        mock.patch.dict(os.environ),
    ):
        warnings.simplefilter("error")
        for number, cell in enumerate(read(path).cells):
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), namespace)
    return explorers, stderr.getvalue()


def drawn(svg):
    """A frame without the names that are new in each drawing, to compare two frames by what they show."""
    return re.sub(r'(id="|#|url\(#)[\w-]+', r"\1…", svg)
