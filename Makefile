# make run    the whole service on this machine; PORT, PUBLIC_URL, DATABASE_URL are passed through
# make test   lint, types, architecture and all tests
# make lint   lint and types only
# make bench     speed, as ratios against a floor in the same run; needs PostgreSQL 15 or later
# make crash     imports killed at random moments, many times, on both databases
# make mutation  how many small mistakes in money, state and signatures the tests notice
# make lock   write the locked versions and hashes again, after a change in setup.cfg
# make clean  forget the virtual environment; data under var/ stays

BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint bench crash mutation lock clean

run: .venv/.run
	@exec $(BIN)/parking run

# Modules stay compiled even where the environment forbids it: the second part collects in half the
# time, and the services that tests start need not compile all of ours again.
test: export PYTHONDONTWRITEBYTECODE :=
test: lint
	@.ci/chromium
	@$(BIN)/pytest -n 2 --dist worksteal --branches=counted --cov=payments --cov=qr \
		--cov=reconciliation --cov=parking.tariffs --cov-report= --cov-report=json:.coverage.json
	@$(BIN)/python .ci/branches.py .coverage.json
	@$(BIN)/pytest -n 2 --dist worksteal --branches=others

lint: .venv/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/.test
	@$(BIN)/python -m benchmarks.notices
	@$(BIN)/python -m benchmarks.lane
	@$(BIN)/python -m benchmarks.reports
	@$(BIN)/python -m benchmarks.tax_table
	@$(BIN)/python -m benchmarks.peak
	@$(BIN)/python -m benchmarks.narratives
	@$(BIN)/python -m benchmarks.volume
	@$(BIN)/python -m benchmarks.seals
	@$(BIN)/python -m benchmarks.reconcile
	@$(BIN)/python -m benchmarks.growth 67454 10 3

crash: .venv/.test
	@PARKING_CRASHES=12 $(BIN)/pytest tests/crash

mutation: .venv/.test
	@$(BIN)/python -m pip install --quiet mutmut==3.8.1
	@$(BIN)/mutmut run
	@$(BIN)/mutmut export-cicd-stats
	@$(BIN)/python .ci/mutation.py mutants/mutmut-cicd-stats.json

# Locked with hashes: what is installed is what was tested, wherever it comes from.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --no-strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/.run
	@$(BIN)/python -m pip install --quiet pip-tools==7.6.2
	@$(LOCK) -o requirements.txt setup.cfg
	@$(LOCK) --extra dev -o requirements-dev.txt setup.cfg

clean:
	rm -rf .venv

# Each stamp is newer than the lists of what is installed, so that a second start is quick.
.venv/.run: setup.cfg pyproject.toml requirements.txt .ci/venv
	@.ci/venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

.venv/.test: setup.cfg pyproject.toml requirements-dev.txt .ci/venv
	@.ci/venv
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@ .venv/.run
