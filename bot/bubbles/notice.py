"""What somebody who asked is told later: which message it was about, what was found, and how to hear no more of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.bubbles.reply import CAUTION
from bot.bubbles.view import MAX_CAROUSEL_BYTES, View, fitted
from bot.buttons import Press
from bot.decide import best_replies, is_settled
from bot.fit import clean, cut, one_line
from bot.flex import (
    PAPER,
    Part,
    box,
    bubble,
    button,
    carousel,
    label,
    postback,
    quote,
    text,
    text_message,
    uri,
)
from bot.labels import VERDICTS, state_label, verdict_label
from storage.articles import ArticleSummary, ReplySummary
from storage.tables import NoticeKind, ReplyState, Verdict

MAX_QUOTE = 120
MAX_REPLY = 160


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told about one article, as things stand now."""

    kind: NoticeKind
    article: ArticleSummary
    wording: str
    """The message in the words this person sent."""
    before: Verdict | None = None
    """The verdict they were told last; they may have passed it on."""

    @property
    def now(self) -> Verdict | None:
        """The verdict it has now; None where there is none, or volunteers say different things."""
        replies = best_replies(self.article)
        return replies[0].verdict if replies and is_settled(replies) else None

    @property
    def is_changed(self) -> bool:
        """Whether it says something else than they were told."""
        return self.before is not None and self.now is not None and self.before != self.now


def notice_messages(view: View, news: Sequence[News]) -> tuple[Part, ...]:
    """One message for everything there is to tell: a bubble for each article, most urgent first."""
    container = fitted(lambda limit: carousel([_bubble(view, one, limit) for one in news]), MAX_CAROUSEL_BYTES)
    return (view.message(_alt_text(view, news), container),)


def _bubble(view: View, news: News, limit: int) -> Part:
    asked = cut(one_line(clean(news.wording)), min(limit, MAX_QUOTE))
    body = [
        text(_heading(view, news), weight="bold", size="lg"),
        label(view.words("The message you asked about")),
        quote(asked, lines=3),
        *_found(view, news, min(limit, MAX_REPLY)),
    ]
    return bubble(body, footer=[_look(view, news), _mute(view, news)])


def _heading(view: View, news: News) -> str:
    if news.is_changed:
        return view.words("The verdict on a message you asked about has changed")
    if news.kind == NoticeKind.CORRECTED:
        return view.words("Correction: the check of a message you asked about has changed")
    if news.kind == NoticeKind.WITHDRAWN:
        return view.words("The check I told you about has been withdrawn")
    return view.words("A message you asked about has been checked")


def _found(view: View, news: News, limit: int) -> list[Part]:
    """How things stand now: the verdict and the reply's beginning, or that there is none."""
    replies = best_replies(news.article)
    if not replies:
        told = view.words("There is no check of it now. Please do not rely on what it said before.")
        return [box("vertical", [text(told)], backgroundColor=CAUTION, cornerRadius="md", paddingAll="lg")]
    if not is_settled(replies):
        return [text(view.words("Volunteers have said different things about this message. Please look at all of it."))]
    best = replies[0]
    found = [_verdict(view, best), text(cut(one_line(clean(best.text)), limit))]
    return [*_earlier(view, news.before), *found, _pass_on(view)] if news.before and news.is_changed else found


def _earlier(view: View, before: Verdict) -> list[Part]:
    """What they were told before, in words and without its colour, above what holds now."""
    look = VERDICTS[before]
    told = view.words("Before: {verdict}", verdict=f"{look.sign} {view.words(look.label)}")
    return [text(told), label(view.words("Now:"))]


def _pass_on(view: View) -> Part:
    return text(view.words("If you have passed the earlier verdict on, please tell those people as well."))


def _verdict(view: View, reply: ReplySummary) -> Part:
    look = VERDICTS[reply.verdict]
    said = [text(f"{look.sign} {view.words(look.label)}", color=PAPER, weight="bold")]
    if reply.state == ReplyState.PROVISIONAL:
        said.append(text(state_label(view.words, reply), color=PAPER, size="sm"))
    return box("vertical", said, backgroundColor=look.colour, cornerRadius="md", paddingAll="lg", spacing="xs")


def _look(view: View, news: News) -> Part:
    article_id = news.article.article_id
    if not news.article.replies:
        return button(uri(view.words("Open its page"), view.article_url(article_id)), "primary")
    data = view.buttons.encode(Press.CHOOSE, article_id=article_id)
    return button(postback(view.words("See the check"), data), "primary")


def _mute(view: View, news: News) -> Part:
    this = view.buttons.encode(Press.MUTE, article_id=news.article.article_id)
    return box(
        "horizontal",
        [
            button(postback(view.words("Stop this one"), this), "link"),
            button(postback(view.words("Stop all notices"), view.buttons.encode(Press.MUTE)), "link"),
        ],
    )


def _alt_text(view: View, news: Sequence[News]) -> str:
    """What a chat list shows: how many, or else the one there is."""
    if len(news) > 1:
        return view.words.plural(
            "There is news about a message you asked about.",
            "There is news about {number} messages you asked about.",
            len(news),
        )
    heading, now = _heading(view, news[0]), news[0].now
    if now is None:
        return heading
    verdict = verdict_label(view.words, now)
    if news[0].before and news[0].is_changed:
        before = verdict_label(view.words, news[0].before)
        return view.words("{heading}: {before} → {verdict}", heading=heading, before=before, verdict=verdict)
    return view.words("{heading}: {verdict}", heading=heading, verdict=verdict)


def muted(view: View, article_id: str | None) -> tuple[Part, ...]:
    """No more of it; and the way back."""
    again = view.buttons.encode(Press.UNMUTE, article_id=article_id)
    told = view.words("All right. I will tell you nothing more about this message.")
    if article_id is None:
        told = view.words("All right. I will not write to you by myself any more. You can still ask me at any time.")
    return (text_message(told, [postback(view.words("Tell me after all"), again)]),)


def unmuted(view: View) -> tuple[Part, ...]:
    return (text_message(view.words("All right. I will tell you when there is news.")),)
