"""Exports: releases of what may be public, made from the tables and from nothing else. README.md draws the layout."""
