# make run         install into .venv and open the editor on a sample photo
# make test        install what the tests need as well, and run them all (the package's own test comes after `make package`)
# make help        everything else

VENV := .venv
BIN := $(VENV)/bin
LIBRARIES := pyproject.toml constraints.txt

.DELETE_ON_ERROR:
.PHONY: help run test lint format package package-test translations screenshots bench wheel clean distclean

help:
	@echo "make run            open the editor on a sample photo"
	@echo "make test           all tests but that of the built package"
	@echo "make lint           ruff and mypy; 'make format' mends the layout"
	@echo "make bench          measure the promised figures"
	@echo "make package        build dist/lacuna, a folder that runs without Python; 'make package-test' tries it"
	@echo "make wheel          build the wheel and the source archive into dist/"
	@echo "make translations   collect the texts and compile the catalogues"
	@echo "make screenshots    drive the program and photograph it into docs/images"
	@echo "make clean          remove what was built; 'make distclean' removes $(VENV) as well"

# Installed in place: a stamp says with which libraries, and with the tools of developers or without.
$(VENV)/.installed: $(LIBRARIES)
	@sh packaging/environment.sh $(VENV) heif
	@touch $@

$(VENV)/.installed-dev: $(LIBRARIES)
	@sh packaging/environment.sh $(VENV) heif,torch,metrics,cluster,dev
	@touch $@ $(VENV)/.installed

run: $(VENV)/.installed
	@sh packaging/run.sh $(VENV)

test: $(VENV)/.installed-dev
	@$(BIN)/python packaging/check_system.py tests
	$(BIN)/python -m pytest -m "not package" --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

package: $(VENV)/.installed-dev
	@$(BIN)/python packaging/check_system.py package
	$(BIN)/python -m PyInstaller --noconfirm --log-level WARN --distpath dist --workpath build/pyinstaller packaging/lacuna.spec
	@du -sh dist/lacuna

package-test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m package

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m hatchling build

translations: $(VENV)/.installed-dev
	$(BIN)/python packaging/translations.py

screenshots: $(VENV)/.installed-dev
	@$(BIN)/python packaging/check_system.py tests
	$(BIN)/python packaging/screenshots.py

bench: $(VENV)/.installed
	$(BIN)/lacuna bench

clean:
	rm -rf build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find app tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV)
