"""What a press says about the decision behind it, written down when the press is finished.

A button of an older release names no decision, and then there is nothing to write. Whose decision it is, is checked
where it is written: a press counts for the person's own message only.
"""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from bot.buttons import Action
from bot.events import Postback
from storage.match_decisions import record_asked, record_choice
from storage.tables import Choice

Record = Callable[[Connection], object]


def remember_choice(event: Postback, action: Action, choice: Choice, article_id: str | None = None) -> Record | None:
    """This one, or none of them: the last word counts, and pressing again changes nothing."""
    if action.decision_id is None:
        return None
    return partial(
        record_choice, decision_id=action.decision_id, asker_id=event.chat, choice=choice, article_id=article_id
    )


def remember_asked(event: Postback, action: Action, article_id: str, text: str | None = None) -> Record | None:
    """About which article the volunteers were asked; `text` as it was published, when the person agreed to that."""
    if action.decision_id is None:
        return None
    return partial(record_asked, decision_id=action.decision_id, asker_id=event.chat, article_id=article_id, text=text)


def remember_joined(event: Postback, action: Action, article_id: str) -> Record | None:
    """Joining the wait for an article says that it is the message."""
    decision_id = action.decision_id
    if decision_id is None:
        return None

    def record(connection: Connection) -> None:
        record_choice(connection, decision_id, event.chat, Choice.THIS, article_id)
        record_asked(connection, decision_id, event.chat, article_id)

    return record
