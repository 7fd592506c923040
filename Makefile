# Two commands: `make interop` and `make test`. Each sets itself up in .venv.
# On Windows, the README has the same lines for PowerShell.

PYTHON ?= python3
VENV ?= .venv
RUN = $(VENV)/bin/python -m

# The newest other Python on this machine (empty if there is none).
NEWEST ?= $(firstword $(foreach version,3.15 3.14 3.13 3.12,\
	$(if $(shell python$(version) -c "print(1)" 2>/dev/null),python$(version))))

.PHONY: interop test lint unit soak labs forty conformance explore zoo matrix flakes evidence bench newest spec docs runs runs-check browser zensical docs-serve clean help

help:           ## what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

interop: $(VENV)/ready  ## every client against every server, as real processes
	$(RUN) batepapo interop

test: lint unit browser conformance interop zoo flakes newest  ## whether all is well

lint: $(VENV)/ready     ## style, types, and the tables of the specification
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	$(RUN) batepapo_conformance.generated --check

unit: $(VENV)/ready     ## unit tests of all parts, and of the suite itself
	$(RUN) pytest -n 6 --dist worksteal $(UNIT)

# An hour, and a little more: what both servers hold after a lecture of so long.
MINUTES = 60

soak: $(VENV)/ready     ## what takes long under fire; then an hour of use, judged
	$(RUN) pytest -m soak tests/under_fire
	$(VENV)/bin/python tests/under_fire/soak.py --minutes $(MINUTES)

# It takes minutes: each starter has to fail just as its lab says, and each solution to pass.
labs: $(VENV)/ready     ## every lab's starter and solution, alone
	$(RUN) pytest -n 6 --dist worksteal -m course -o faulthandler_timeout=300 labs/tests

# Nine minutes; each time the whole class has to be marked in less than five.
forty: $(VENV)/ready    ## a class of forty, marked twice, with hostile programs
	$(RUN) pytest -m forty -o faulthandler_timeout=600 labs/tests/test_labs_class.py

CHECK = --jobs 8
conformance: $(VENV)/ready  ## both servers and both clients through the suite
	$(RUN) batepapo check server --implementation threaded $(CHECK)
	$(RUN) batepapo check server --implementation asyncio $(CHECK)
	$(RUN) batepapo check client --implementation threaded $(CHECK)
	$(RUN) batepapo check client --implementation asyncio $(CHECK)

explore: $(VENV)/ready  ## sessions made up for both servers, and hostile input for all
	$(RUN) batepapo explore --implementation threaded
	$(RUN) batepapo explore --implementation asyncio
	$(RUN) batepapo fuzz server --implementation threaded
	$(RUN) batepapo fuzz server --implementation asyncio
	$(RUN) batepapo fuzz client --implementation threaded
	$(RUN) batepapo fuzz client --implementation asyncio

# Six classic mistakes go through all checks; the whole zoo would take half an hour.
CLASSICS = reads_not_joined error_lost_in_reset nick_stays_taken list_without_owner \
	slow_reader_stalls two_orders

zoo: $(VENV)/ready      ## wrong and odd programs: is what they do found and named?
	$(RUN) batepapo zoo --thorough $(CLASSICS:%=--only %)
	$(RUN) batepapo zoo --quick

# Half an hour; see conformance/README.md.
MATRIX = conformance/batepapo_zoo/matrix.json

matrix: $(VENV)/ready   ## the whole kill matrix, as JSON and as pages
	$(RUN) batepapo zoo --json $(MATRIX)
	$(RUN) batepapo report $(MATRIX) --lang en --html docs/kill-matrix.en.html
	$(RUN) batepapo report $(MATRIX) --lang pt --html docs/kill-matrix.pt.html

flakes: $(VENV)/ready   ## the servers 30 times: does the suite always say the same?
	$(RUN) batepapo flakes --role server --times 15 --warm --jobs 8

# What the pages of evidence are made of; `python -m batepapo_site.gather flakes
# --times 100 --warm` makes that of the flake rate, in hours.
evidence: $(VENV)/ready  ## the results that the site shows, made again
	$(RUN) batepapo_site.gather conformance

# The peers are packages of Debian: apt install ngircd inspircd; the limit needs gcc.
bench: $(VENV)/ready    ## what the servers cost, beside IRC servers in C and the limit
	$(VENV)/bin/python -m pip install --quiet --editable '.[bench]'
	$(RUN) batepapo bench --json build/bench.json --plots build/bench $(BENCH)

# What people run themselves: the programs, the labs, and the suite as it checks. The
# tests of the suite's parts, and the site, have been seen on one Python by then.
newest:         ## the programs on the newest Python that is installed
ifeq ($(NEWEST),)
	@echo "No newer Python than the one in $(VENV) is installed: not tested."
else
	$(MAKE) VENV=.venv-newest PYTHON=$(NEWEST) UNIT='implementations labs tests' CHECK='--warm --jobs 8' unit conformance interop
endif

spec: $(VENV)/ready     ## render the tables of the specification from its data
	$(RUN) batepapo_conformance.generated --write

docs: $(VENV)/ready     ## the course site, in both languages, in build/site
	$(RUN) batepapo_conformance.generated --check
	$(RUN) batepapo_site check
	$(RUN) batepapo_site build

# Not a part of `make test`: together they run for minutes. Those that need what this
# machine lacks (Go, tshark, a second address, not to be root) are named, and not run.
runs: $(VENV)/ready     ## what commands print, as pages show it, run and kept again
	$(RUN) batepapo_site.runs --write

runs-check: $(VENV)/ready  ## whether commands still print what pages show
	$(RUN) batepapo_site.runs --check

browser: docs           ## the built site: its links, and how it is in a browser
	$(RUN) pytest -n 3 -m browser docs/tests

# Not a part of `make test`: the successor of what builds the site has to build it
# too, one day.
zensical: docs          ## whether Zensical builds the site as well, in build/zensical
	$(RUN) pip install --quiet zensical
	sed 's,build/site,build/zensical,' mkdocs.yml > mkdocs.zensical.yml
	NO_COLOR=1 $(VENV)/bin/zensical build -f mkdocs.zensical.yml

docs-serve: $(VENV)/ready  ## show the course site; built again when a page is saved
	$(RUN) batepapo_site serve

# Installed once; again only when pyproject.toml changes. No network after that.
$(VENV)/ready: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Bate-papo needs Python 3.11 or newer: make PYTHON=python3.11')"
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev,site]'
	touch $@

clean:          ## forget everything that was installed or cached here
	rm -rf .venv .venv-newest .mypy_cache .ruff_cache .pytest_cache .hypothesis
