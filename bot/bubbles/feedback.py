"""Whether a reply helped: two buttons under it, and what is said when one is pressed."""

from bot.bubbles.know_more import know_more
from bot.bubbles.view import View
from bot.buttons import Press, Vote
from bot.flex import Part, box, button, fill_in, postback, text_message
from bot.menu import COMMENT_PREFIX, MenuItem
from bot.wording import marked
from storage.tables import FeedbackReason

REASONS = {
    FeedbackReason.UNCLEAR: marked("Hard to understand"),
    FeedbackReason.NO_SOURCE: marked("No good source"),
    FeedbackReason.WRONG: marked("I think it is wrong"),
    FeedbackReason.OUTDATED: marked("Out of date"),
    FeedbackReason.OTHER_MESSAGE: marked("Not about my message"),
}


def vote_row(view: View, article_id: str, reply_id: str) -> Part:
    return box(
        "horizontal",
        [
            button(_vote(view, view.words("It helped"), Vote.HELPFUL, article_id, reply_id)),
            button(_vote(view, view.words("Not helpful"), Vote.NOT_HELPFUL, article_id, reply_id)),
        ],
        spacing="sm",
    )


def voted(view: View, vote: Vote, article_id: str, reply_id: str) -> tuple[Part, ...]:
    """Thanks, and what can be done about it: say why, take it back. The other button changes it."""
    undo = _undo(view, article_id, reply_id)
    if vote == Vote.HELPFUL:
        told = view.words("Thank you! This helps others to trust the right answer.")
        return (text_message(told, [undo]),)
    if vote == Vote.NOT_HELPFUL:
        told = view.words("Thank you for telling me. What was the matter with it? You need not say.")
        reasons = [_reason(view, reason, article_id, reply_id) for reason in REASONS]
        return (text_message(told, [*reasons, _in_words(view), know_more(view, article_id), undo]),)
    return (text_message(view.words("All right. Your opinion on this answer is not counted any more.")),)


def thanks_for_reason(view: View, article_id: str, reply_id: str) -> tuple[Part, ...]:
    told = view.words("Thank you. Volunteers will see this and can improve the answer.")
    return (text_message(told, [know_more(view, article_id), _undo(view, article_id, reply_id)]),)


def _in_words(view: View) -> Part:
    data = view.buttons.encode(Press.MENU, kind=MenuItem.COMMENT.value)
    return fill_in(view.words("In my own words"), data, view.words(COMMENT_PREFIX))


def _undo(view: View, article_id: str, reply_id: str) -> Part:
    return _vote(view, view.words("Take it back"), Vote.NONE, article_id, reply_id)


def _vote(view: View, caption: str, vote: Vote, article_id: str, reply_id: str) -> Part:
    return postback(caption, view.buttons.encode(Press.VOTE, article_id=article_id, reply_id=reply_id, kind=vote.value))


def _reason(view: View, reason: FeedbackReason, article_id: str, reply_id: str) -> Part:
    data = view.buttons.encode(Press.VOTE_REASON, article_id=article_id, reply_id=reply_id, kind=reason.value)
    return postback(view.words(REASONS[reason]), data)
