"""One module a subcommand of `chaming`; `scripts.cli` holds the list."""
