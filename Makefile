.PHONY: run test test-long bench check translations requirements clean

run: ## The portal with the demo center: web server, worker and mail catcher; Ctrl-C stops all
	@scripts/prepare
	@exec .venv/bin/python scripts/run_demo.py

test: ## Lint, types, import contracts, all tests on both databases, journeys in the browser
	@scripts/prepare --tests
	@scripts/check
	@.venv/bin/pytest -n 2 --dist loadgroup

test-long: ## The same rigs at their large figures
	@scripts/prepare --tests
	@PORTAL_LONG=1 .venv/bin/pytest -n 2 --dist loadgroup

bench: ## Measure against the floors of the same run; writes docs/benchmarks.md
	@scripts/prepare --bench
	@.venv/bin/python -m bench

check: ## Lint, format, types and import contracts alone
	@scripts/prepare --tests
	@scripts/check

translations: ## Gather the strings of the code and templates into the Spanish catalogue
	@scripts/prepare --tests
	@.venv/bin/python scripts/gather_translations.py

requirements: ## Compile the hashed requirement files (maintainers; needs uv)
	uv pip compile --universal --generate-hashes --no-header pyproject.toml -o requirements.txt -q
	uv pip compile --universal --generate-hashes --no-header pyproject.toml --group dev -o requirements-dev.txt -q

clean: ## Remove what `make run` and `make test` made
	rm -rf .venv var tests/output bench/output
