"""Tests of storage/exports."""
