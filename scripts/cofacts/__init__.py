"""Cofacts' open data: how its files are read, and what a row of them becomes here."""
