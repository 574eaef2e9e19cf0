# The two commands are `make run` and `make test`; the rest is for those who change Remit.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# Loads the demo organisation into an empty database and opens one-click sign-in. DEMO_MODE=0 starts empty.
DEMO_MODE ?= 1

VENV := .venv/bin
CODE := config governance knowledge accounts

.DEFAULT_GOAL := help
.PHONY: help run install test check counts locks prove bench bench-full

help:
	@echo "make run      install, prepare and start Remit with demo data   (HOST=$(HOST) PORT=$(PORT))"
	@echo "make test     install the development tools and run every test"
	@echo "make check    style, types, layers, templates, migrations, deployment settings"
	@echo "make counts   write down how many statements each page takes  (tests/statement_counts.json; REMIT_TEST_DATABASE_URL)"
	@echo "make prove    the long campaigns, their figures in docs/proof.md (CAMPAIGNS=races RACES=100 …; see tests/proving)"
	@echo "make install  install the development tools only"
	@echo "make locks    recompile the locks from pyproject.toml (make locks UPGRADE=--upgrade takes newer versions)"

run:
	@$(PYTHON) requirements/install.py run
	@DEMO_MODE=$(DEMO_MODE) $(VENV)/python manage.py serve --host "$(HOST)" --port "$(PORT)"

install:
	@$(PYTHON) requirements/install.py dev

test: install
	@$(VENV)/python -m tests.suite $(ARGS)

# The counts of the campaigns, as far as they are given.
COUNTS := LEAK_WAYS PLANTED_WHOLE ORACLE_TRIPLES RACES KILLS TAMPERINGS PAYLOADS UPLOADS API_CASES MUTANTS SECONDS

prove: install
	@$(VENV)/python -m tests.prove $(CAMPAIGNS) $(foreach name,$(COUNTS),$(if $($(name)),$(name)=$($(name))))

# Production's own checks, answered with made-up values: nothing is connected to.
PRODUCTION := REMIT_ENV=production DATABASE_URL=postgres://check@localhost/check REDIS_URL=redis://localhost:6379/0 \
	REMIT_ALLOWED_HOSTS=remit.example.org EMAIL_URL=consolemail:// REMIT_MAIL_FROM=remit@example.org

check: install
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy $(CODE)
	$(VENV)/lint-imports
	$(VENV)/djlint --lint --quiet $(CODE)
	$(VENV)/python manage.py makemigrations --check --dry-run
	$(VENV)/python manage.py check --fail-level WARNING
	$(PRODUCTION) SECRET_KEY="$$($(VENV)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(VENV)/python manage.py check --deploy --fail-level WARNING

# For both databases, where a PostgreSQL is named as for make test.
counts: install
	REMIT_WRITE_COUNTS=1 $(VENV)/python -m pytest -q tests/http/test_statement_counts.py
	[ -z "$(REMIT_TEST_DATABASE_URL)" ] || REMIT_WRITE_COUNTS=1 DATABASE_URL="$(REMIT_TEST_DATABASE_URL)" \
		$(VENV)/python -m pytest -q tests/http/test_statement_counts.py

# Hashes and no addresses: the locks say what is installed, each machine says from where.
COMPILE := $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)

locks: install
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	echo uv | $(COMPILE) - -o requirements/uv.txt

# Seconds to minutes; README.md in benchmarks/ says how to read what comes out.
bench: install
	$(VENV)/python -m benchmarks --sizes 10k --turns 5 --out data/benchmarks

bench-full: install
	@test -n "$(REMIT_BENCH_URL)" || { echo "Name a PostgreSQL server: make bench-full REMIT_BENCH_URL=postgres://…/postgres"; exit 2; }
	REMIT_BENCH_URL="$(REMIT_BENCH_URL)" $(VENV)/python -m benchmarks --sizes 10k,100k,1m --turns 20
