"""Tests of the theme map."""
