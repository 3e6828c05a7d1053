"""The command line, jobs, worker, importers, simulator and benchmarks."""
