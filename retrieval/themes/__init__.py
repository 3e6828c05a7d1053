"""Themes: articles about the same thing, found by their vectors, named by the words that set them apart."""
