"""Help, settings, "my questions" and "my data"."""

from collections.abc import Sequence

from bot.bubbles.notes import PROGRESS
from bot.bubbles.view import View
from bot.buttons import Press
from bot.fit import clean, cut, one_line
from bot.flex import Part, box, bubble, button, carousel, label, postback, quote, small, text, text_message, uri
from bot.menu import COMMENT_PREFIX, WHY_PREFIX, MenuItem, label_of
from bot.wording import LANGUAGES
from storage.questions import Question
from storage.tables import Asker

LANGUAGE_NAMES = {"zh_Hant": "繁體中文", "en": "English", "ja": "日本語"}
MAX_QUOTE = 100
IN_HELP = (MenuItem.TUTORIAL, MenuItem.SETTINGS, MenuItem.LANGUAGE, MenuItem.QUESTIONS, MenuItem.DATA)


def help_messages(view: View) -> tuple[Part, ...]:
    words = view.words
    body = [
        text(words("What I can do for you"), weight="bold", size="xl"),
        text(words("Forward a message that makes you doubt. I look up whether volunteers have checked it.")),
        text(words("Several messages, a link or a picture will do as well.")),
        text(words("If nobody has checked it, I can ask the volunteers, and tell you when they have answered.")),
        text(words("In a group, mention me with @ to ask. I keep nothing of what a group says.")),
    ]
    footer = [button(menu_action(view, item)) for item in IN_HELP]
    return (view.message(words("What I can do for you"), bubble(body, footer=footer)),)


def menu_action(view: View, item: MenuItem) -> Part:
    return postback(label_of(view.words, item), view.buttons.encode(Press.MENU, kind=item.value))


def settings_messages(view: View, asker: Asker | None) -> tuple[Part, ...]:
    """How things are set, each with the way to change it."""
    words = view.words
    is_large = asker.large_text if asker else False
    wants = asker.wants_notices if asker else True
    body = [
        text(words("Settings"), weight="bold", size="xl"),
        *_setting(view, words("Text size"), words("Larger") if is_large else words("Usual")),
        *_setting(view, words("News about my questions"), words("On") if wants else words("Off")),
        *_setting(view, words("Language"), LANGUAGE_NAMES[view.words.language]),
    ]
    footer = [
        button(_set(view, words("Usual text") if is_large else words("Larger text"), f"large:{int(not is_large)}")),
        button(_set(view, words("Turn news off") if wants else words("Turn news on"), f"notices:{int(not wants)}")),
        button(menu_action(view, MenuItem.LANGUAGE)),
    ]
    return (view.message(words("Settings"), bubble(body, footer=footer)),)


def language_messages(view: View) -> tuple[Part, ...]:
    choices = [_set(view, LANGUAGE_NAMES[language], f"language:{language}") for language in LANGUAGES]
    return (text_message("請選擇語言 / Please choose a language / 言語を選んでください", choices),)


def set_messages(view: View, asker: Asker | None) -> tuple[Part, ...]:
    """That it is changed, in the new look and language."""
    return (text_message(view.words("All right, it is set.")), *settings_messages(view, asker))


def questions_messages(view: View, questions: Sequence[Question]) -> tuple[Part, ...]:
    """What the person has asked, the newest first, and how each question stands."""
    if not questions:
        return (text_message(view.words("You have not asked the volunteers anything yet.")),)
    heading = view.words.plural("Your last question", "Your last {number} questions", len(questions))
    return (view.message(heading, carousel([_question(view, question) for question in questions])),)


def data_messages(view: View, export_url: str) -> tuple[Part, ...]:
    """What is kept of the person, as a file, and the way to delete it."""
    words = view.words
    body = [
        text(words("My data"), weight="bold", size="xl"),
        text(
            words("I keep your settings, your questions, and how you judged answers, under a code instead of a name.")
        ),
        text(words("What you send me is erased within a day, unless you agree to publish it.")),
        small(words("The link to the file works for one hour. Please do not pass it on.")),
    ]
    ask = view.buttons.encode(Press.FORGET, kind="ask")
    footer = [
        button(uri(words("Download the file"), export_url), "primary"),
        button(postback(words("Delete everything"), ask)),
    ]
    return (view.message(words("My data"), bubble(body, footer=footer)),)


def confirm_forgetting(view: View) -> tuple[Part, ...]:
    told = view.words(
        "Shall I delete everything? Your settings and questions go, and messages that only you sent. "
        "Your votes stay as numbers, without you. This cannot be undone."
    )
    sure = view.buttons.encode(Press.FORGET, kind="sure")
    keep = view.buttons.encode(Press.MENU, kind=MenuItem.DATA.value)
    offers = [postback(view.words("Yes, delete it all"), sure), postback(view.words("No, keep it"), keep)]
    return (text_message(told, offers),)


def forgotten(view: View) -> tuple[Part, ...]:
    told = view.words("Everything is deleted. You can still ask me at any time; then we begin anew.")
    return (text_message(told),)


def how_to_remark(view: View, item: MenuItem) -> tuple[Part, ...]:
    """For phones that do not write the beginning themselves."""
    prefix = view.words(WHY_PREFIX if item == MenuItem.WHY else COMMENT_PREFIX)
    told = view.words("Please write to me, beginning with “{beginning}”.", beginning=prefix.strip())
    return (text_message(told),)


def _setting(view: View, name: str, value: str) -> list[Part]:
    return [box("horizontal", [text(name, flex=3), text(value, flex=2, weight="bold", align="end")])]


def _set(view: View, caption: str, what: str) -> Part:
    return postback(caption, view.buttons.encode(Press.SET, kind=what))


def _question(view: View, question: Question) -> Part:
    body = [
        label(view.words.date(question.asked_at) if question.asked_at else view.words("My questions")),
        quote(cut(one_line(clean(question.text or "")), MAX_QUOTE), lines=4),
        text(view.words(PROGRESS[question.progress])),
    ]
    footer = [button(uri(view.words("Open its page"), view.article_url(question.article_id)), "primary")]
    if question.may_be_taken_back:
        back = view.buttons.encode(Press.TAKE_BACK, article_id=question.article_id)
        footer.append(button(postback(view.words("Take question back"), back)))
    return bubble(body, footer=footer)
