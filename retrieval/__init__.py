"""Text in, ranked matches out; no I/O besides its own model and index files."""
