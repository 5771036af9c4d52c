"""The order of the house: what is installed, how it is found, what a clone promises its reader."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
HELPERS = sorted((ROOT / "helpers").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def git_ls_files(*options):
    """What `git ls-files -z` lists, or skip where this is no clone (an archive that was unpacked)."""
    # A clone that belongs to another user, as in a container, may be read too.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", *options]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no git clone here: {error}")
    return [line for line in listed.decode().split("\0") if line]


def tracked_files():
    return [path for path in (ROOT / name for name in git_ls_files()) if path.is_file()]


def imported_by(code):
    """The top-level names of all modules that a piece of code imports, at whatever depth."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module)
    return {name.split(".")[0] for name in names}


def requirements(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def named(lines):
    return [line for line in lines if not line.startswith("-")]


def code_of(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


# --- requirements ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_lower_and_an_upper_bound(name):
    lines = named(requirements(name))
    assert lines
    loose = [line for line in lines if not re.fullmatch(r"[a-z0-9-]+>=[0-9.]+,<[0-9.]+", line)]
    assert loose == []


def test_the_build_and_the_package_have_bounds_too():
    lines = PROJECT["build-system"]["requires"] + PROJECT["project"]["dependencies"]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+>=[0-9.]+,<[0-9.]+", line)] == []
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.15"


def test_the_package_asks_for_what_requirements_txt_installs():
    assert set(PROJECT["project"]["dependencies"]) <= set(requirements("requirements.txt"))


def test_requirements_install_the_package_itself_and_the_tests_build_on_them():
    assert "-e ." in requirements("requirements.txt")
    assert "-r requirements.txt" in requirements("requirements-dev.txt")


def test_all_that_helpers_imports_is_required():
    imports = set().union(*(imported_by(path.read_text(encoding="utf-8")) for path in HELPERS))
    dependencies = {re.split("[<>=]", line)[0] for line in PROJECT["project"]["dependencies"]}
    # ipywidgets is built on IPython and traitlets, Matplotlib on Pillow: none of them comes without the other.
    assert imports - set(sys.stdlib_module_names) <= dependencies | {"helpers", "IPython", "traitlets", "PIL"}


# --- how helpers is found -------------------------------------------------------------------------------------------


def test_helpers_is_importable_from_any_working_directory(tmp_path):
    # -I: neither the working directory nor PYTHONPATH has a say, only what is installed.
    command = [sys.executable, "-I", "-c", "import helpers; print(helpers.__file__, helpers.__version__)"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    path, version = done.stdout.rsplit(maxsplit=1)
    assert Path(path) == ROOT / "helpers" / "__init__.py"
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", HELPERS + NOTEBOOKS, ids=lambda path: path.name)
def test_no_search_path_tricks(path):
    code = code_of(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    assert re.findall(r"sys\.path|addsitedir|PYTHONPATH|os\.chdir|[%!]cd\b", code) == []


# --- what stays small and clean -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.name)
def test_a_file_of_helpers_is_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def test_ruff_finds_nothing_in_code_and_notebooks():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_looks_at_the_notebooks_and_all_of_the_code():
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seen = {Path(line).resolve() for line in done.stdout.splitlines()}
    assert {path.resolve() for path in HELPERS + NOTEBOOKS} <= seen
    assert Path(__file__).resolve() in seen


def test_no_path_of_one_machine_in_any_file():
    # Something absolute that a person's or a build's machine has and the reader's has not.
    machine = re.compile(r"(?<![\w.~/-])/(?:work|root|home|tmp|Users)/[\w.]|\b[A-Z]:\\{1,2}Users\\")
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            lines = content.decode("utf-8").splitlines()
            found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if machine.search(line)]
    assert found == []


def test_nothing_that_is_made_here_is_tracked():
    made = {".venv", "__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".ruff_cache", ".hypothesis", "dist"}
    names = git_ls_files()
    assert [name for name in names if made & set(name.split("/")) or name.endswith((".pyc", ".coverage"))] == []


# --- what the README promises ---------------------------------------------------------------------------------------


def targets():
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_the_two_commands_come_first():
    code = re.findall(r"^    (.+)$", README, re.M)
    assert [line.split("#")[0].strip() for line in code[:2]] == ["make lab", "make test"]


def test_every_make_target_that_is_named_exists():
    texts = {"README.md": README, ".ci/run": (ROOT / ".ci" / "run").read_text(encoding="utf-8"), "Makefile": MAKEFILE}
    for name, text in texts.items():
        quoted = set(re.findall(r"(?:`|^ *|\")make ([a-z-]+)", text, re.M))
        assert quoted, name
        assert quoted <= targets(), name


def test_help_lists_every_target():
    phony = set(re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.M).group(1).split()) - {"always", "help"}
    assert phony == set(re.findall(r"make ([a-z-]+)  ", MAKEFILE))


def test_the_targets_run_files_that_are_there():
    commands = re.findall(r"^\t(?!@echo).+$", MAKEFILE, re.M)
    names = set(re.findall(r"[\w/-]+\.(?:py|ipynb|txt)\b", "\n".join(commands)))
    assert names
    # `python -m name` with a name that is a folder here, not something installed.
    names |= {f"{name}/__main__.py" for name in ("bench",) if f"$(PY) -m {name} " in MAKEFILE}
    assert [name for name in sorted(names) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("name", ["README.md", "LICENSE-text.md"])
def test_links_lead_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if not re.match(r"[a-z]+:", link)]
    links += re.findall(r"^    ([\w.-]+/) ", text, re.M)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_ci_run_is_an_executable_bash_script():
    script = ROOT / ".ci" / "run"
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    (entry,) = git_ls_files("--stage", ".ci/run")
    assert entry.startswith("100755 ")
