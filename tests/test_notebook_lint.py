"""The form of the notebooks: what a reader relies on, and what CI could otherwise not see."""

import re
import statistics
from pathlib import Path

import pytest

from tests import lessons

ROOT = Path(__file__).resolve().parents[1]
VIEW = "application/vnd.jupyter.widget-view+json"
each_notebook = pytest.mark.parametrize("path", lessons.NOTEBOOKS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize(
    "path", [path for path in lessons.NOTEBOOKS if path.stem != "index"], ids=lambda path: path.stem
)


def cells(path, kind):
    return [cell for cell in lessons.read(path).cells if cell.cell_type == kind]


def prose(path):
    """All text cells, code in backquotes and fences left out."""
    text = "\n\n".join(cell.source for cell in cells(path, "markdown"))
    return re.sub(r"`[^`]*`", " ", re.sub(r"```.*?```", " ", text, flags=re.DOTALL))


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def printed(path):
    """All text that the cells put out, minus signs as hyphens."""
    texts = []
    for output in outputs(path):
        texts.append(output.get("text", ""))
        texts.append(output.get("data", {}).get("text/plain", ""))
    return "\n".join(texts).replace("−", "-")


def test_there_are_notebooks():
    assert {"index", "8_3_basic_algorithms"} <= {path.stem for path in lessons.NOTEBOOKS}


@each_notebook
def test_one_title_and_no_level_skipped(path):
    levels = [len(match) for match in re.findall(r"^(#+) ", prose(path), flags=re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1, "exactly one H1, at the top"
    steps = [after - before for before, after in zip(levels, levels[1:], strict=False)]
    assert max(steps, default=0) <= 1, f"a level is skipped: {levels}"


@each_lesson
def test_cells_are_short(path):
    lines = [len(cell.source.splitlines()) for cell in cells(path, "code")]
    assert max(lines) <= 15, f"a cell of {max(lines)} lines"
    assert statistics.median(lines) <= 6, f"the median cell has {statistics.median(lines)} lines"


@each_lesson
def test_the_set_up_is_one_cell_of_explicit_imports(path):
    sources = [cell.source for cell in cells(path, "code")]
    assert len([line for line in sources[0].splitlines() if line]) <= 8
    assert "import *" not in "".join(sources)
    later = "\n".join(sources[1:]).splitlines()
    late = [line for line in later if re.match(r"(from|import) ", line)]
    standard = ("math", "time", "timeit", "itertools")
    assert all(line.split()[1] in standard for line in late), f"imports in mid-page: {late}"
    assert not re.search(r"sys\.path|^[%!]", "\n".join(sources), flags=re.MULTILINE)


@each_notebook
def test_links_and_pictures_exist(path):
    text = prose(path)
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", text):
        assert alt.strip(), f"{target} has no alternative text"
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if target.startswith(("http://", "https://", "#", "attachment:")):
            continue
        assert (path.parent / target.split("#")[0]).exists(), f"{target} does not exist"
    for tag in re.findall(r"<img [^>]*>", text):
        assert re.search(r'alt="[^"]+"', tag), f"{tag} has no alternative text"


@each_notebook
def test_outputs_are_really_there(path):
    """With outputs stripped and counts null a strict comparison passes and compares nothing."""
    for cell in cells(path, "code"):
        assert cell.execution_count, f"not executed: {cell.source.splitlines()[0]}"
        shows = re.search(r"^print\(|\.check\(\)", cell.source, flags=re.MULTILINE)
        assert cell.outputs or not shows, f"no output: {cell.source.splitlines()[0]}"
    for output in outputs(path):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"


@each_lesson
def test_every_live_figure_has_a_picture_with_a_sentence(path):
    views = [output for output in outputs(path) if VIEW in output.get("data", {})]
    assert views, "no live figure"
    for output in views:
        assert len(output.data["image/png"]) > 20_000, "no picture, or an empty one"
        alt = output.metadata["image/png"]["alt"]
        assert len(alt.split()) >= 8 and alt.endswith("."), f"not a sentence: {alt!r}"
        assert alt in output.data["text/plain"]
        assert "theory" in output.data["text/plain"]


@each_notebook
def test_metadata_is_bare(path):
    metadata = lessons.read(path).metadata
    assert "widgets" not in metadata
    assert metadata.language_info.name == "python"
    assert metadata.kernelspec.name == "python3"


@each_lesson
def test_answers_are_folded_and_questions_come_first(path):
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    assert text.count("<details>") == text.count("</details>") >= 3
    assert text.count("**Predict.**") >= 3
    assert len(re.findall(r"\*\*Exercise \d+", text)) >= 3
    for inside in re.findall(r"</summary>(.*?)</details>", text, flags=re.DOTALL):
        assert inside.startswith("\n\n") and inside.endswith("\n\n"), "Markdown in <details> needs empty lines"


@each_lesson
def test_every_number_of_the_prose_is_printed_by_a_cell(path):
    """Decimal numbers of two digits or more that the text states stand in an output or in the code."""
    code = "\n".join(cell.source for cell in cells(path, "code"))
    known = printed(path) + code
    missing = []
    for number in re.findall(r"(?<![\w.])\d+\.\d+", prose(path)):
        digits = number.replace(".", "").lstrip("0")
        if len(digits) >= 2 and not re.search(rf"(?<![\d.]){re.escape(number)}", known) and not is_section(number):
            missing.append(number)
    assert not missing, f"stated but not computed on the page: {sorted(set(missing))}"


def is_section(number):
    """8.3, 8.14: a section, equation, algorithm or figure of the book."""
    chapter, part = number.split(".")
    return chapter in ("3", "4", "6", "7", "8", "10", "11", "15") and int(part) <= 60 and not part.startswith("0")
