# make run    the whole service on this machine; PORT, PUBLIC_URL, DATABASE_URL are passed through
# make test   lint, types, architecture and all tests
# make lint   lint and types only
# make clean  forget the virtual environment; data under var/ stays

BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint clean

run: .venv/.run
	@exec $(BIN)/parking run

test: lint
	@.ci/chromium
	@$(BIN)/pytest -n 2 --cov=payments --cov=qr --cov=reconciliation --cov=parking.tariffs \
		--cov-report= --cov-report=json:.coverage.json
	@$(BIN)/python .ci/branches.py .coverage.json

lint: .venv/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

clean:
	rm -rf .venv

# Each stamp is newer than the lists of what is installed, so that a second start is quick.
.venv/.run: setup.cfg pyproject.toml .ci/venv
	@.ci/venv
	@$(BIN)/python -m pip install --quiet -e .
	@touch $@

.venv/.test: setup.cfg pyproject.toml .ci/venv
	@.ci/venv
	@$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ .venv/.run
