"""What an operation of the Messaging API is: a `Call` in, an `Answer` out, and no HTTP."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from scripts.simulator.platform import Platform
from scripts.simulator.problems import JSON


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the checks common to all."""

    request_id: str
    path: Mapping[str, str]
    body: JSON
    retry_key: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    """What was sent, where that is no JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What LINE answers: JSON, or bytes with their type."""

    body: JSON = field(default_factory=dict)
    status: int = 200
    data: bytes | None = None
    mime_type: str = "application/json"


Operation = Callable[[Platform, Call], Awaitable[Answer]]
