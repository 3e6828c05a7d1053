"""Tests of scripts/exports."""
