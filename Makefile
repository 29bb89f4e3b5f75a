# Two commands matter: `make up` starts everything on this machine, `make test` runs every test. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv/bin
LOCAL := $(PYTHON) -m local

.DEFAULT_GOAL := help
.PHONY: help up down status logs doctor fresh backup restore test check documents bench soak faults mutants environment lock jars

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

up: ## start everything; Ctrl-C stops it and keeps the data (the first time DEMO=no: an empty one, without sample data)
	@$(LOCAL) up

down: ## stop what another terminal started
	@$(LOCAL) down

status: ## what runs, and whether it is ready
	@$(LOCAL) status

logs: ## show the logs as they grow (NAME=intake: one of them)
	@$(LOCAL) logs $(NAME)

doctor: ## look at this machine and say what is missing
	@$(LOCAL) doctor

fresh: ## erase all data, after asking
	@$(LOCAL) fresh

backup: ## copy all data and, apart, their keys, while everything runs (TO=/backup/data KEYS=/elsewhere/keys)
	@$(call needs,$(and $(TO),$(KEYS)),make backup TO=/backup/data KEYS=/elsewhere/keys)
	@./otklik backup "$(TO)" --keys-to "$(KEYS)"

restore: ## a backup into the empty stores of this machine (FROM=/backup/data KEYS=/elsewhere/keys)
	@$(call needs,$(and $(FROM),$(KEYS)),make restore FROM=/backup/data KEYS=/elsewhere/keys)
	@$(LOCAL) restore $(abspath $(FROM)) $(abspath $(KEYS))

test: ## every test, on a Kafka and a PostgreSQL of its own (TESTS="tests/unit -x": some of them)
	@$(LOCAL) test -- $(TESTS)

check: environment ## style, types, borders between the parts, generated files
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/python -m cli documents --check

documents: environment ## write the generated files anew
	$(VENV)/python -m cli documents

bench: environment ## the figures of docs, each with its floor and its peer
	@$(call later,bench)
	$(VENV)/python -m bench

soak: environment ## hours under load, both doors and then the desk (DESK="--minutes 10": the desk alone)
	@$(call later,bench)
	$(if $(DESK),,$(VENV)/python -m bench.soak)
	$(VENV)/python -m bench.desk_soak $(filter-out yes,$(DESK))

faults: environment ## campaigns that kill, cut off and fill up (CAMPAIGN=kills N=5 SEED=1: one of them)
	$(VENV)/python -m pytest tests/faults --capture=no $(if $(CAMPAIGN),-k "$(subst -, and ,$(CAMPAIGN))")

mutants: environment ## how many planted mistakes the tests find (SET=stores: in what talks to PostgreSQL and Kafka)
	$(VENV)/python -m tests.mutation $(or $(SET),pure)

environment:
	@$(LOCAL) environment --development

lock: environment ## resolve the versions of pyproject.toml and package.json anew
	$(VENV)/uv pip compile $(LOCK) $(UPGRADE) pyproject.toml --output-file requirements.lock
	$(VENV)/uv pip compile $(LOCK) $(UPGRADE) --group embedded --constraint requirements.lock --output-file requirements-embedded.lock
	$(VENV)/uv pip compile $(LOCK) $(UPGRADE) --group dev --constraint requirements.lock --constraint requirements-embedded.lock --output-file requirements-dev.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

jars: environment ## resolve Kafka's jars anew, after a change of its version in local/jars.py
	$(VENV)/python -m local.jars

needs = $(if $(1),:,echo "name both folders: $(2)" >&2; exit 2)
later = test -d $(1) || { echo "$(1)/ is not in this tree yet: it comes with an issue of its own"; exit 1; }
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
