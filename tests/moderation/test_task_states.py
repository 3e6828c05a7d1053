"""Who may move a task, and from where to where: the whole table, against the cast and against the picture."""

import re
from pathlib import Path

import pytest

import moderation
from moderation.task_states import (
    TRANSITIONS,
    Act,
    Mover,
    TransitionError,
    choose_state,
    draw,
    find_act,
    get_next,
    may_move,
    to_movers,
)
from storage.tables import ReplyState, TaskState
from tests.moderation.community import ROLES

README = Path(moderation.__file__).with_name("README.md")

ALLOWED = {
    Act.CLAIM: {"volunteer", "second_volunteer", "moderator", "administrator"},
    Act.HAND_OVER: {"volunteer", "moderator", "administrator"},
    Act.RELEASE: {"volunteer", "moderator", "administrator"},
    Act.SUBMIT: {"volunteer"},
    Act.PASS: set(),
    Act.VERIFY: set(),
    Act.REJECT: set(),
    Act.HOLD: set(),
    Act.REOPEN: {"moderator", "administrator"},
}
"""Who of the cast may do what, from a state in which it can be done. `volunteer` has claimed the task."""


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize("act", Act)
def test_it_lets_each_role_do_its_own_and_nothing_else(who: str, act: Act) -> None:
    movers = to_movers(ROLES[who], is_claimant=who == "volunteer")
    for transition in TRANSITIONS:
        if transition.act == act:
            assert may_move(act, transition.before, movers) == (who in ALLOWED[act]), transition


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("before", TaskState)
def test_it_refuses_whatever_is_not_in_the_table(act: Act, before: TaskState) -> None:
    """Even to whoever may do everything."""
    found = [each.after for each in TRANSITIONS if (each.act, each.before) == (act, before)]
    assert len(found) <= 1
    if found:
        assert get_next(act, before, frozenset(Mover)) == found[0]
    else:
        with pytest.raises(TransitionError):
            get_next(act, before, frozenset(Mover))


def test_it_lets_only_the_rule_decide() -> None:
    for transition in TRANSITIONS:
        if transition.after in {TaskState.PROVISIONAL, TaskState.VERIFIED, TaskState.REJECTED}:
            assert transition.movers == {Mover.RULE}


def test_it_leaves_no_state_without_a_way_back_to_open() -> None:
    reachable = {TaskState.OPEN}
    for _ in TaskState:
        reachable |= {each.before for each in TRANSITIONS if each.after in reachable}
    assert reachable == set(TaskState)


def test_it_gives_a_claimant_without_a_role_nothing() -> None:
    assert to_movers(None, is_claimant=True) == frozenset()


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({ReplyState.REJECTED, ReplyState.VERIFIED}, TaskState.VERIFIED),
        ({ReplyState.REJECTED, ReplyState.PROVISIONAL, ReplyState.PROPOSED}, TaskState.PROVISIONAL),
        ({ReplyState.REJECTED, ReplyState.PROPOSED}, TaskState.SUBMITTED),
        ({ReplyState.REJECTED}, TaskState.REJECTED),
        ({ReplyState.IMPORTED, ReplyState.WITHDRAWN}, None),
        (set(), None),
    ],
)
def test_it_follows_the_best_answer(answers: set[ReplyState], state: TaskState | None) -> None:
    assert choose_state(frozenset(answers)) == state


def test_it_knows_by_which_act_the_rule_gets_anywhere() -> None:
    decided = (TaskState.SUBMITTED, TaskState.PROVISIONAL, TaskState.VERIFIED, TaskState.REJECTED)
    for before in decided:
        for after in decided:
            assert (find_act(before, after) is None) == (before == after)
    assert find_act(TaskState.CLAIMED, TaskState.OPEN) is None, "that is not the rule's"


def test_it_is_drawn_in_the_readme_as_it_is() -> None:
    drawings = re.findall(r"```mermaid\n(.*?)\n```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert draw() in drawings
