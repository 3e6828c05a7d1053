"""What every part does to a text before anything else."""


def well_formed(text: str) -> str:
    """Return the text with lone surrogates replaced by `?`: JSON can carry them, UTF-8 and tokenizers cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
