"""The short plain sentences: what the bot says when there is nothing to show."""

from bot.bubbles.know_more import know_more
from bot.bubbles.view import View
from bot.buttons import Press
from bot.fit import clean, cut, one_line
from bot.flex import Part, fill_in, postback, text_message
from bot.menu import WHY_PREFIX
from bot.wording import marked
from moderation.intake import RequestReceipt
from storage.questions import Progress, Question
from storage.statistics import Waiting
from storage.tables import SeenWhere

MAX_TITLE = 200
ENOUGH_TO_TELL = 20
"""Answers below which a usual time would be chance."""

PROGRESS = {
    Progress.WAITING: marked("Volunteers can see it, and nobody has begun yet."),
    Progress.WORKED_ON: marked("A volunteer is working on it."),
    Progress.IN_REVIEW: marked("There is an answer, and volunteers are looking at it before it is shown."),
    Progress.ANSWERED: marked("It has been answered."),
    Progress.GONE: marked("The message is no longer here."),
}


def nothing_to_read(view: View) -> tuple[Part, ...]:
    return _said(
        view.words("I could not find any words to look up in it. Please send me the text or the link of the message.")
    )


def expired(view: View) -> tuple[Part, ...]:
    """A button whose message is erased by now, or that is not ours."""
    return _said(view.words("This button is too old to be used. Please forward the message to me once more."))


def withdrawn(view: View) -> tuple[Part, ...]:
    return _said(view.words("This check has been withdrawn and is no longer shown."))


def declined(view: View) -> tuple[Part, ...]:
    return _said(view.words("All right. Nothing was published, and your message is erased here."))


def no_title(view: View) -> tuple[Part, ...]:
    return _said(view.words("I could not read the title of that page. Please send me its title or its words as text."))


def title_unknown(view: View, title: str) -> tuple[Part, ...]:
    """Nothing was found by the title either; it is shown, for a person can tell whether it is the right page."""
    told = view.words("I looked up the title of the page as well, and found no check of it:")
    return _said(f"{told}\n{cut(one_line(clean(title)), MAX_TITLE)}")


def too_much(view: View) -> tuple[Part, ...]:
    """Said once to somebody who sends more than can be looked up."""
    return _said(view.words("That is a lot at once. Please give me a minute, then I will look at what you send next."))


def cannot_publish(view: View) -> tuple[Part, ...]:
    return _said(view.words("This message cannot be published here."))


def wrong_match(view: View) -> tuple[Part, ...]:
    """Said before asking whether the volunteers should look at the message."""
    return _said(view.words("Thank you for telling me. Then it has not been checked yet, as far as I can find."))


def wrong_match_unknown(view: View) -> tuple[Part, ...]:
    return _said(
        view.words(
            "Thank you for telling me. If the answer itself does not fit, please press “Not helpful” below it: "
            "volunteers will see that."
        )
    )


SEEN_WHERE = {
    SeenWhere.FAMILY: marked("From family"),
    SeenWhere.FRIENDS: marked("From friends"),
    SeenWhere.GROUP: marked("In a group chat"),
    SeenWhere.SOCIAL: marked("On social media"),
    SeenWhere.VIDEO: marked("In a video"),
    SeenWhere.WEB: marked("On a website"),
    SeenWhere.OTHER: marked("Elsewhere"),
}


def receipt(view: View, request: RequestReceipt, waiting: Waiting | None = None) -> tuple[Part, ...]:
    """The volunteers were asked: the person's place among those who ask, how long it takes, where it will stand."""
    if not request.is_new:
        return asked_before(view, request.article_id)
    look = view.words("I will tell you when volunteers have answered. You can also look here:")
    lines = [place_in_line(view, request.nth), *usual_wait(view, waiting), look, view.article_url(request.article_id)]
    asked = view.words("Where did you see it? You need not say. You can take it back for a day.")
    seen = [_seen(view, request.article_id, where) for where in SEEN_WHERE]
    know = know_more(view, request.article_id)
    offers = [*seen, doubt_offer(view), know, take_back_offer(view, request.article_id)]
    return (text_message("\n".join([*lines, asked]), offers),)


def place_in_line(view: View, nth: int) -> str:
    return view.words.plural(
        "Thank you! The volunteers can see it now. You are the first to ask.",
        "Thank you! The volunteers can see it now. You are number {number} to ask.",
        nth,
    )


def usual_wait(view: View, waiting: Waiting | None) -> list[str]:
    """How long it takes until volunteers answer, from what was measured; nothing while nothing is known."""
    if waiting is None or waiting.answered < ENOUGH_TO_TELL:
        return []
    return [view.words("Half of all messages are answered within {time}.", time=view.words.duration(waiting.median_s))]


def asked_before(view: View, article_id: str, question: Question | None = None) -> tuple[Part, ...]:
    """How the person's earlier question stands."""
    waiting = view.words("You have asked about this message already. Volunteers have not answered yet.")
    lines = [waiting]
    if question is not None:
        since = view.words("You asked on {date}.", date=view.words.date(question.asked_at)) if question.asked_at else ""
        lines = [line for line in (since, view.words(PROGRESS[question.progress])) if line]
    look = view.words("I will tell you when there is an answer. You can also look here:")
    back = [take_back_offer(view, article_id)] if question is not None and question.may_be_taken_back else []
    told = "\n".join([*lines, look, view.article_url(article_id)])
    return (text_message(told, [know_more(view, article_id), *back]),)


def take_back_offer(view: View, article_id: str) -> Part:
    return postback(view.words("Take question back"), view.buttons.encode(Press.TAKE_BACK, article_id=article_id))


def doubt_offer(view: View) -> Part:
    """Opens the keyboard with the beginning of a sentence that the bot knows again."""
    return fill_in(
        view.words("Say why I doubt it"), view.buttons.encode(Press.MENU, kind="why"), view.words(WHY_PREFIX)
    )


def _seen(view: View, article_id: str, where: SeenWhere) -> Part:
    data = view.buttons.encode(Press.SEEN, article_id=article_id, kind=where.value)
    return postback(view.words(SEEN_WHERE[where]), data)


def taken_back(view: View, was_there: bool) -> tuple[Part, ...]:
    if was_there:
        return _said(view.words("All right. Your question is taken back, and what nobody else sent is deleted."))
    return _said(view.words("There is nothing to take back: it was done already, or the question is not yours."))


def too_late_to_take_back(view: View) -> tuple[Part, ...]:
    return _said(view.words("It is more than a day ago. To delete everything you have asked, write “my data” to me."))


def noted(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you, I have noted it for the volunteers."))


def nothing_to_note(view: View) -> tuple[Part, ...]:
    return _said(view.words("I do not know which question or answer this is about. Please press the button once more."))


def wording_kept(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you! Whoever sends it in these words from now on is answered sooner."))


def wording_not_kept(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you. These words say something a little different, so I did not keep them."))


def too_many_questions(view: View) -> tuple[Part, ...]:
    return _said(
        view.words("You have asked the volunteers many questions today. Please give them some time, and come tomorrow.")
    )


def sticker(view: View) -> tuple[Part, ...]:
    return _said(view.words("Thank you! If a message makes you doubt, forward it to me and I will look it up."))


def cannot_read(view: View) -> tuple[Part, ...]:
    """What the bot cannot do today, and what would help instead."""
    return _said(view.words("I cannot read this kind of message yet. Please send me text, a link or a picture."))


def hello_group(view: View) -> tuple[Part, ...]:
    return _said(
        view.words(
            "Hello, I am 查明. I stay silent here and keep nothing you say. Mention me with @ together with a message "
            "to look it up. I speak up by myself only when a message is surely known to be false."
        )
    )


def goodbye(view: View) -> tuple[Part, ...]:
    """Said before leaving a group that sends the bot away."""
    return _said(view.words("Goodbye, and take care! You can still ask me in our own chat, or invite me again."))


def cannot_see_quoted(view: View) -> tuple[Part, ...]:
    return _said(
        view.words(
            "LINE does not show me what a quoted message says. Please paste it behind @me, or send it to our own chat."
        )
    )


def how_to_ask_in_group(view: View) -> tuple[Part, ...]:
    return _said(view.words("Please put the message you want to look up in the same text as @me."))


def _said(text: str) -> tuple[Part, ...]:
    return (text_message(text),)
