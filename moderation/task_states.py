"""The states of a review task, and who may move it: one table, drawn in this folder's README.

Nobody moves a task to provisional, verified or rejected by hand: only the rule does. Whoever does something that is not
in the table is told so by `TransitionError`, and nothing has changed.
"""

from dataclasses import dataclass
from enum import StrEnum

from storage.tables import ReplyState, Role, TaskState


class TransitionError(Exception):
    """This task cannot be moved like that from the state it is in, or not by this person."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Act(StrEnum):
    """What moves a task."""

    CLAIM = "claim"
    HAND_OVER = "hand over"
    RELEASE = "release"
    SUBMIT = "submit"
    PASS = "pass"
    VERIFY = "verify"
    REJECT = "reject"
    HOLD = "hold"
    REOPEN = "reopen"


class Mover(StrEnum):
    """As whom somebody acts on a task."""

    VOLUNTEER = "volunteer"
    """Anyone with a role."""
    CLAIMANT = "claimant"
    """Who has claimed this task."""
    MODERATOR = "moderator"
    """Moderators and administrators."""
    RULE = "rule"
    """The verification rule."""
    CLOCK = "clock"
    """A lease or a verdict that ran out, or another event nobody decided on."""


@dataclass(frozen=True, slots=True)
class Transition:
    act: Act
    before: TaskState
    after: TaskState
    movers: frozenset[Mover]


def _by(act: Act, before: TaskState, after: TaskState, *movers: Mover) -> Transition:
    return Transition(act, before, after, frozenset(movers))


TRANSITIONS = (
    _by(Act.CLAIM, TaskState.OPEN, TaskState.CLAIMED, Mover.VOLUNTEER),
    _by(Act.HAND_OVER, TaskState.CLAIMED, TaskState.CLAIMED, Mover.CLAIMANT, Mover.MODERATOR),
    _by(Act.RELEASE, TaskState.CLAIMED, TaskState.OPEN, Mover.CLAIMANT, Mover.MODERATOR, Mover.CLOCK),
    _by(Act.SUBMIT, TaskState.CLAIMED, TaskState.SUBMITTED, Mover.CLAIMANT),
    _by(Act.PASS, TaskState.SUBMITTED, TaskState.PROVISIONAL, Mover.RULE),
    _by(Act.VERIFY, TaskState.SUBMITTED, TaskState.VERIFIED, Mover.RULE),
    _by(Act.REJECT, TaskState.SUBMITTED, TaskState.REJECTED, Mover.RULE),
    _by(Act.VERIFY, TaskState.PROVISIONAL, TaskState.VERIFIED, Mover.RULE),
    _by(Act.REJECT, TaskState.PROVISIONAL, TaskState.REJECTED, Mover.RULE),
    _by(Act.HOLD, TaskState.PROVISIONAL, TaskState.SUBMITTED, Mover.RULE),
    _by(Act.PASS, TaskState.VERIFIED, TaskState.PROVISIONAL, Mover.RULE),
    _by(Act.HOLD, TaskState.VERIFIED, TaskState.SUBMITTED, Mover.RULE),
    _by(Act.REJECT, TaskState.VERIFIED, TaskState.REJECTED, Mover.RULE),
    _by(Act.HOLD, TaskState.REJECTED, TaskState.SUBMITTED, Mover.RULE),
    _by(Act.PASS, TaskState.REJECTED, TaskState.PROVISIONAL, Mover.RULE),
    _by(Act.VERIFY, TaskState.REJECTED, TaskState.VERIFIED, Mover.RULE),
    _by(Act.PASS, TaskState.OPEN, TaskState.PROVISIONAL, Mover.RULE),
    _by(Act.VERIFY, TaskState.OPEN, TaskState.VERIFIED, Mover.RULE),
    _by(Act.REJECT, TaskState.OPEN, TaskState.REJECTED, Mover.RULE),
    _by(Act.HOLD, TaskState.OPEN, TaskState.SUBMITTED, Mover.RULE),
    _by(Act.REOPEN, TaskState.SUBMITTED, TaskState.OPEN, Mover.MODERATOR),
    _by(Act.REOPEN, TaskState.PROVISIONAL, TaskState.OPEN, Mover.MODERATOR, Mover.CLOCK),
    _by(Act.REOPEN, TaskState.VERIFIED, TaskState.OPEN, Mover.MODERATOR, Mover.CLOCK),
    _by(Act.REOPEN, TaskState.REJECTED, TaskState.OPEN, Mover.MODERATOR, Mover.CLOCK),
)

_TABLE = {(each.act, each.before): each for each in TRANSITIONS}

MODERATORS = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})

DECIDED = frozenset({TaskState.SUBMITTED, TaskState.PROVISIONAL, TaskState.VERIFIED, TaskState.REJECTED})
"""Where the rule moves a task. An open or claimed one is somebody's to write, whatever becomes of older answers.

It moves an open one in two cases: an appeal opened it and the rule has decided on that answer anew; or an answer that
was hidden is shown again.
"""


def to_movers(role: Role | None, *, is_claimant: bool = False) -> frozenset[Mover]:
    """As whom a person may act on a task; nobody without a role, an asker say, may act at all."""
    if role is None:
        return frozenset()
    movers = {Mover.VOLUNTEER}
    if is_claimant:
        movers.add(Mover.CLAIMANT)
    if role in MODERATORS:
        movers.add(Mover.MODERATOR)
    return frozenset(movers)


def may_move(act: Act, before: TaskState, movers: frozenset[Mover]) -> bool:
    transition = _TABLE.get((act, before))
    return transition is not None and bool(transition.movers & movers)


def get_next(act: Act, before: TaskState, movers: frozenset[Mover]) -> TaskState:
    """The state after the act. Raises `TransitionError` when the table does not allow it."""
    if not may_move(act, before, movers):
        raise TransitionError
    return _TABLE[act, before].after


BEST_FIRST = {
    ReplyState.VERIFIED: TaskState.VERIFIED,
    ReplyState.PROVISIONAL: TaskState.PROVISIONAL,
    ReplyState.PROPOSED: TaskState.SUBMITTED,
    ReplyState.REJECTED: TaskState.REJECTED,
}


def choose_state(answers: frozenset[ReplyState]) -> TaskState | None:
    """What the answers to one message make of its task: the best counts. None: nothing here was rated."""
    return next((state for answer, state in BEST_FIRST.items() if answer in answers), None)


def find_act(before: TaskState, after: TaskState) -> Act | None:
    """By which act the rule gets from one state to the other; None: it does not."""
    for each in TRANSITIONS:
        if (each.before, each.after) == (before, after) and Mover.RULE in each.movers:
            return each.act
    return None


def draw() -> str:
    """The table as a Mermaid state diagram, as it stands in the README."""
    lines = ["stateDiagram-v2", "    [*] --> open: consent"]
    for each in TRANSITIONS:
        who = ", ".join(sorted(each.movers))
        lines.append(f"    {each.before} --> {each.after}: {each.act} ({who})")
    return "\n".join(lines)
