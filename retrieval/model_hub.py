"""Whether a model can be downloaded at all, asked once and briefly before the loaders ask many times and wait between.

Without an answer, a hub's loaders try each of a model's files again and again: minutes pass before they give up.
"""

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

PATIENCE_S = 3.0
"""How long one attempt may take; the hub's client makes four of a request that hangs."""


def find_obstacle(name: str, patience: float = PATIENCE_S) -> str | None:
    """Say in one line why the model `name` cannot be downloaded, and what to do; None where it can, or is a folder."""
    if Path(name).is_dir():
        return None
    if name.startswith((".", "/", "~")):
        return f"There is no folder {name}."
    hub = HfApi()
    try:
        hub.model_info(name, timeout=patience)
    except HFValidationError:
        return f"{name} is neither a folder nor a model's name, which is like intfloat/multilingual-e5-small."
    except RepositoryNotFoundError:
        if "/" not in name:  # sentence-transformers' own models may be called so; it knows where they are
            return None
        return f"{hub.endpoint} has no model {name}, or shows it only to those who sign in (`hf auth login`)."
    except Exception as error:  # which HTTP client the hub's library uses is its own affair
        return (
            f"{name} cannot be downloaded: {hub.endpoint} does not answer ({type(error).__name__}). Is this machine "
            "online (HTTPS_PROXY, HF_ENDPOINT)? Or copy the model here and name its folder: chaming model prepare DIR."
        )
    return None
