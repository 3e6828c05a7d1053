"""Releases from the command line: making, publishing elsewhere, and taking them in again."""
