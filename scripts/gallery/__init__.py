"""Draws every bubble the bot sends, and the article page, as a person sees them: `python -m scripts.gallery FOLDER`."""
