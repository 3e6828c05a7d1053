"""Failures on order: what LINE, or the way to it, sometimes does to a request."""

from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong. The last one is the nastiest: the message is out, and the caller cannot know."""

    STATUS = "status"
    SLOW = "slow"
    DROP = "drop"
    ACCEPT_THEN_DROP = "accept_then_drop"
    ACCEPT_THEN_STATUS = "accept_then_status"


@dataclass(slots=True)
class Fault:
    """One kind of failure for the requests whose path begins so, a number of times or (None) until it is removed."""

    kind: FaultKind
    path: str = "/v2/bot/message/"
    status: int = 500
    seconds: float = 0.0
    times: int | None = 1


@dataclass(slots=True)
class Faults:
    """The failures on order, oldest first."""

    pending: list[Fault] = field(default_factory=list)

    def order(self, fault: Fault) -> Fault:
        self.pending.append(fault)
        return fault

    def cancel(self, fault: Fault) -> None:
        self.pending = [each for each in self.pending if each is not fault]

    def take(self, path: str) -> Fault | None:
        """Return the failure this request meets, and count it."""
        for fault in self.pending:
            if path.startswith(fault.path):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.cancel(fault)
                return fault
        return None
