# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Each target sets up all it needs, and does nothing twice. Python comes from this machine, the rest from PyPI and,
# for commands that are missing, from the system's package manager.

.DEFAULT_GOAL := help
SHELL := /bin/sh
tools := tests/tools

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

.PHONY: demo
demo: ## the story in under a minute, in network namespaces of its own
	@$(tools)/setup demo
	@PATH="$(CURDIR)/.venvs/demo/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.ansible/collections" tests/demo/run

.PHONY: test
test: ## before a change goes in: lint, sanity, unit, browser, kernel, an older one, tarball, demo and one scenario of molecule, side by side
	@$(tools)/suite

.PHONY: test-all
test-all: ## every test there is: the same on all cells of the matrix, all scenarios, all kernels
	@$(tools)/suite all

.PHONY: lint
lint: ## ruff, mypy, shellcheck, reuse, yamllint, ansible-lint, changelog, docs
	@$(tools)/lint

.PHONY: sanity
sanity: ## ansible-test sanity on every Python here
	@$(tools)/sanity

.PHONY: unit
unit: ## tests/unit on the oldest and newest Python with pyroute2 (CELLS=REGEX chooses, ARGS= go to pytest)
	@$(tools)/matrix unit $(ARGS)

.PHONY: kernel
kernel: ## tests/kernel on the same, in fresh network namespaces
	@$(tools)/matrix kernel $(ARGS)

.PHONY: kernels
kernels: ## tests/kernel and tests/vrf on Linux 5.10, 6.1, 6.12 and this machine's (ARGS="6.1 tests/vrf -k wire" chooses)
	@$(tools)/kernels $(ARGS)

.PHONY: vrf
vrf: ## tests/vrf alone, on Linux 6.12 (ARGS= go to pytest)
	@$(tools)/kernels 6.12 tests/vrf $(ARGS)

.PHONY: browser
browser: ## the page of a report in a headless Chromium (ARGS=--pictures writes those of the docs again)
	@$(tools)/browser $(ARGS)

.PHONY: tarball
tarball: ## build the collection, install it into an empty place, use it from there
	@$(tools)/tarball

.PHONY: molecule
molecule: venv ## the roles on real daemons in containers (SCENARIO= chooses)
	@$(tools)/molecule $(SCENARIO)

.PHONY: fleet
fleet: venv ## 200 simulated hosts: apply, audit, damage, audit and report; the outcome of each (ARGS= go to tests/fleet/run)
	@$(tools)/in-namespace env PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.ansible/collections" tests/fleet/run $(ARGS)

.PHONY: bench
bench: venv ## measure, as ratios, into a table and a plot (ARGS= go to tests/bench/run)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.ansible/collections" tests/bench/run $(ARGS)

.PHONY: keeper
keeper: venv ## the keeper's figures: time to repair over 1000 flaps, cost at rest and beside a full table, 500 kills (ARGS=)
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(tools)/in-namespace python -m tests.bench.keeper $(ARGS)

.PHONY: build
build: ## leave the tarball in build/
	@$(tools)/tarball build

.PHONY: venv
venv: ## the controller's environment, .venv
	@$(tools)/setup

.PHONY: clean
clean: ## remove what the tests and builds left
	rm -rf .cache .hypothesis build tests/output changelogs/.plugin-cache.yaml
	find . -path './.venv*' -prune -o -name __pycache__ -prune -exec rm -rf {} +

.PHONY: distclean
distclean: clean ## remove the environments too
	rm -rf .venv .venvs .ansible
