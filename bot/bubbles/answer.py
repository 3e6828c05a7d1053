"""The answer: verdict, reply, sources, how sure we are and why, and what can be done next."""

from collections.abc import Sequence

from bot.bubbles.feedback import vote_row
from bot.bubbles.reply import provenance, references, reply_text, state_note, verdict_header
from bot.bubbles.view import MAX_CAROUSEL_BYTES, View, fitted
from bot.bubbles.why import why_action
from bot.buttons import Press
from bot.decide import Candidate, is_settled
from bot.fit import clean, cut, one_line
from bot.flex import (
    Part,
    box,
    bubble,
    button,
    label,
    postback,
    quote,
    separator,
    small,
    text_message,
    uri,
)
from bot.labels import how_sure, state_label, to_reason, verdict_label, why_found
from retrieval.types import Match
from storage.articles import ArticleSummary, ReplySummary
from storage.tables import ReplyState

MAX_QUOTE = 120
REPLIES_A_CAROUSEL = 10


def answer_messages(view: View, candidate: Candidate, event_id: str | None) -> tuple[Part, ...]:
    """The answer to a sure match; `event_id` lets the person say "not my message" and ask the volunteers."""
    return (_answer_message(view, candidate, event_id),)


def article_messages(view: View, article: ArticleSummary, replies: Sequence[ReplySummary]) -> tuple[Part, ...]:
    """An article the person chose: one answer where the replies agree, else all of them side by side."""
    if is_settled(replies):
        return (_message(view, article, replies, _quoted(view, article), _links(view, article, replies)),)
    return more_replies(view, article, replies, 0)


def more_replies(view: View, article: ArticleSummary, replies: Sequence[ReplySummary], offset: int) -> tuple[Part, ...]:
    """The article's replies from `offset` on, best first, side by side."""
    shown = replies[offset : offset + REPLIES_A_CAROUSEL]
    left = len(replies) - offset - len(shown)
    notice = view.words("Volunteers have said different things about this message. Please look at all of it.")
    if is_settled(replies):
        notice = view.words("Here is what other volunteers wrote about it.")
    press = [_more_action(view, article, left, offset + len(shown))] if left > 0 else []
    container = fitted(lambda limit: _carousel(view, article, shown, limit), MAX_CAROUSEL_BYTES)
    message = view.message(_alt_text(view, shown[0]), container)
    if press:
        message["quickReply"] = {"items": [{"type": "action", "action": action} for action in press]}
    return (text_message(notice), message)


def _answer_message(view: View, candidate: Candidate, event_id: str | None) -> Part:
    match, article, replies = candidate.match, candidate.article, candidate.replies
    sure = [
        separator(),
        small(how_sure(view.words, match.probability)),
        small(why_found(view.words, to_reason(match))),
    ]
    footer = [*_links(view, article, replies), _doubts(view, match, event_id)]
    return _message(view, article, replies, _quoted(view, article), footer, sure)


def _message(
    view: View,
    article: ArticleSummary,
    replies: Sequence[ReplySummary],
    before: Sequence[Part],
    footer: Sequence[Part],
    after: Sequence[Part] = (),
) -> Part:
    best = replies[0]

    def build(limit: int) -> Part:
        body = [*before, *_reply(view, best, limit), *after, *provenance(view, best)]
        return bubble(body, header=verdict_header(view, best.verdict), footer=footer)

    return view.message(_alt_text(view, best), fitted(build))


def _reply(view: View, reply: ReplySummary, limit: int) -> list[Part]:
    return [state_note(view, reply), *reply_text(view, reply, limit), *references(view, reply)]


def _carousel(view: View, article: ArticleSummary, replies: Sequence[ReplySummary], limit: int) -> Part:
    page = button(uri(view.words("Read the whole check"), view.article_url(article.article_id)), "primary")
    bubbles = [
        bubble(
            [*_reply(view, reply, limit), separator(), *provenance(view, reply)],
            header=verdict_header(view, reply.verdict),
            footer=[page, vote_row(view, article.article_id, reply.reply_id)],
        )
        for reply in replies
    ]
    return bubbles[0] if len(bubbles) == 1 else {"type": "carousel", "contents": bubbles}


def _quoted(view: View, article: ArticleSummary) -> list[Part]:
    """The beginning of the message that was checked, so that a wrong match is seen at a glance."""
    beginning = cut(one_line(clean(article.text or view.words("(a picture, video or sound)"))), MAX_QUOTE)
    return [label(view.words("The message that was checked")), quote(beginning, lines=3)]


def _links(view: View, article: ArticleSummary, replies: Sequence[ReplySummary]) -> list[Part]:
    page = button(uri(view.words("Read the whole check"), view.article_url(article.article_id)), "primary")
    share = button(uri(view.words("Share with family"), view.share_uri(article.article_id, replies[0].verdict)))
    others = len(replies) - 1
    more = [button(_more_action(view, article, others, 1))] if others else []
    return [page, share, *more, vote_row(view, article.article_id, replies[0].reply_id)]


def _more_action(view: View, article: ArticleSummary, left: int, offset: int) -> Part:
    caption = view.words.plural("One more reply", "{number} more replies", left)
    return postback(caption, view.buttons.encode(Press.MORE_REPLIES, article_id=article.article_id, offset=offset))


def _doubts(view: View, match: Match, event_id: str | None) -> Part:
    """Two quiet buttons: how this was found, and that it is the wrong one."""
    wrong = view.buttons.encode(Press.NONE_OF_THESE, event_id=event_id)
    return box(
        "horizontal",
        [
            button(why_action(view, match, event_id), "link"),
            button(postback(view.words("Not mine"), wrong), "link"),
        ],
    )


def _alt_text(view: View, reply: ReplySummary) -> str:
    """What a chat list and a notification show: the verdict, how far to trust it, then the reply's own words."""
    verdict = verdict_label(view.words, reply.verdict)
    caution = f" ({state_label(view.words, reply)})" if reply.state == ReplyState.PROVISIONAL else ""
    return view.words("{verdict}: {text}", verdict=verdict + caution, text=one_line(clean(reply.text)))
