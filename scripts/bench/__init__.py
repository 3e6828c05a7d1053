"""Benchmarks: each module is run by hand, `python -m scripts.bench.NAME`; RESULTS.md keeps what was seen."""
