# Two targets matter: `make lab` for readers, `make test` for maintainers. `make help` lists all of them.
# The environment is .venv in this folder. What is installed is recorded in stamp files, so a second run installs
# nothing; a changed requirement, or a folder that was moved, brings the environment up to date again.

PYTHON ?= python3

VENV := .venv
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
HERE := $(shell pwd -P 2>/dev/null)

ifdef UV
MAKE_VENV = "$(UV)" venv --quiet --python "$$(command -v $(PYTHON))" $(VENV)
INSTALL = "$(UV)" pip install --quiet --python $(PY)
PATIENCE = with uv
else
MAKE_VENV = $(PYTHON) -m venv $(VENV)
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
PATIENCE = with pip: this takes a minute or two, once
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab test outputs bench clean always

help: ## list the targets
	@echo "make lab      open JupyterLab at the index of the notebooks"
	@echo "make test     run every test; ARGS='tests/test_house.py -v' runs those you name"
	@echo "make outputs  execute the notebooks anew and store their outputs; ARGS='notebooks/index.ipynb' for one"
	@echo "make bench    time how fast the figures answer, beside the usual @interact"
	@echo "make clean    remove the environment and everything else that is made here"
	@echo "PYTHON=python3.12 before or behind a target chooses the Python ($(PYTHON))."

lab: $(VENV)/.installed
	$(PY) -m jupyterlab --config=tools/lab_config.py notebooks/index.ipynb $(ARGS)

test: $(VENV)/.installed-dev
	$(PY) -m pytest $(ARGS)

outputs: $(VENV)/.installed-dev
	$(PY) tools/make_outputs.py $(ARGS)

bench: $(VENV)/.installed-dev
	$(PY) -m bench $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .coverage htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment keeps absolute paths: moved or copied to another place, it is made anew.
ifneq ($(shell cat $(VENV)/.made-in 2>/dev/null),$(HERE))
$(VENV)/.made-in: always
endif
$(VENV)/.made-in:
	@command -v $(PYTHON) >/dev/null || \
	    { echo "make: no '$(PYTHON)' here: install Python 3.11 or newer, or name yours: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || \
	    { echo "make: needs Python 3.11 to 3.14, but $(PYTHON) is" \
	      "$$($(PYTHON) -c 'import sys; print(sys.version.split()[0])')." \
	      "Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making the environment in $(VENV) ..."
	@rm -rf $(VENV)
	@$(MAKE_VENV)
	@pwd -P > $@

$(VENV)/.installed: $(VENV)/.made-in requirements.txt pyproject.toml
	@echo "Installing requirements.txt ($(PATIENCE)) ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt
	@echo "Installing requirements-dev.txt ($(PATIENCE)) ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
