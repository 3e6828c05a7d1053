"""What is wrong with a request, and how LINE says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

JSON = dict[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing LINE would refuse, at one place of the request body."""

    path: Path
    message: str

    def under(self, *prefix: str | int) -> "Problem":
        """Return the same problem, seen from an enclosing object."""
        return Problem((*prefix, *self.path), self.message)

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}" if self.path else self.message


def dotted(path: Path) -> str:
    """Write a path as LINE does for most messages: `messages[0].quickReply.items[1].action`."""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f".{step}" if written else step
    return written


def error_body(problems: Sequence[Problem]) -> JSON:
    """Return LINE's answer to a bad request: `{"message", "details": [{"message", "property"}]}`.

    A fault inside one Flex container or template is reported against that message, with a slash-separated path
    (the no-break space is LINE's own); everything else against the body.
    """
    inside = {_inside_message(problem.path) for problem in problems}
    if len(inside) == 1 and (place := inside.pop()) is not None:
        index, skip, separator = place
        details = [
            {"message": each.message, "property": separator + "/".join(str(step) for step in each.path[skip:])}
            for each in problems
        ]
        return {"message": f"A message (messages[{index}])\u00a0in the request body is invalid", "details": details}
    details = [{"message": each.message, "property": dotted(each.path)} for each in problems]
    return {"message": f"The request body has {len(problems)} error(s)", "details": details}


def _inside_message(path: Path) -> tuple[int, int, str] | None:
    """Return the message's index, the steps to leave out and the leading separator, for Flex and template faults."""
    if len(path) < 3 or path[0] != "messages" or not isinstance(path[1], int):
        return None
    if path[2] == "contents":
        return path[1], 3, "/"
    if path[2] == "template":
        return path[1], 2, ""
    return None
