WINDOWS := $(filter Windows_NT,$(OS))
PYTHON ?= $(if $(WINDOWS),python,python3)
BIN := .venv/$(if $(WINDOWS),Scripts,bin)
UV := $(BIN)/uv
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

# The user's own PYTHONPATH may lead to another utils.
ifdef PYTHONPATH
export PYTHONPATH := $(CURDIR)$(if $(WINDOWS),;,:)$(PYTHONPATH)
endif

.PHONY: help run test lab site lint refresh evidence bench soak lock clean .venv/ready .venv/dev

help:  ## Show this help
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: .venv/ready  ## Execute the whole course on real photographs and a real ImageNet network (build/run/index.html)
	@$(BIN)/course run $(ARGS)

test: .venv/dev  ## Run all tests, and every notebook against its stored outputs
	@$(BIN)/python docs/fetch_pyodide.py
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 20 --nbval --nbval-cell-timeout 400 tests notebooks

# The folder of the notebook that JupyterLab is given becomes its root.
lab: .venv/ready  ## Open the course in JupyterLab, in your own folder work (as root: make lab ARGS=--allow-root)
	@$(BIN)/course start work -- $(ARGS)

site: .venv/dev  ## Show the course as a web site (build/site/index.html), with questions that are checked in the page
	@$(BIN)/python docs/build_site.py $(ARGS)

lint: .venv/dev  ## Check and format code and notebooks; check spelling and workflows
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	@$(BIN)/python docs/address.py && $(BIN)/python -m tests.spelling && $(BIN)/zizmor --offline --quiet .github

refresh: .venv/dev  ## Execute all notebooks and store their outputs
	@$(BIN)/course refresh

evidence: .venv/ready  ## Perform what is missing of the long runs: hours, in pieces of minutes, each kept in evidence/
	@$(BIN)/course evidence $(ARGS)

bench: .venv/dev  ## Run the benchmarks: ratios, measured interleaved
	@$(BIN)/python -m tests.benchmarks

soak: .venv/dev  ## Kill a batch a hundred times, grade ten thousand broken files, set up a copy: nothing may be lost
	@$(BIN)/python -m tests.soak && $(BIN)/python -W ignore -m tests.soak.returned_files && $(BIN)/python -m tests.soak.set_up

lock: .venv/dev  ## Compile requirements.txt (the students') and requirements-dev.txt from pyproject.toml
	@$(COMPILE) --upgrade --extra make pyproject.toml --output-file requirements.txt
	@$(COMPILE) --upgrade --all-extras --constraints requirements.txt pyproject.toml --output-file requirements-dev.txt

clean:  ## Remove what make and the runs wrote
	@rm -rf .venv build

.venv/ready .venv/dev:
	@$(PYTHON) install.py $(@F) $(if $(findstring command,$(origin PYTHON)),--this-python)
