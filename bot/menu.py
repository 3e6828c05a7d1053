"""What can be had by a word or from the rich menu, and the words for it in every language."""

from collections.abc import Mapping
from enum import StrEnum

from bot.wording import Wordings, Words, marked

MAX_COMMAND = 20


class MenuItem(StrEnum):
    """What the menu offers. The values travel in buttons and in LINE's rich menu, and never change meaning."""

    HELP = "help"
    TUTORIAL = "tutorial"
    SETTINGS = "settings"
    LANGUAGE = "language"
    QUESTIONS = "questions"
    DATA = "data"
    WHY = "why"
    COMMENT = "comment"


LABELS = {
    MenuItem.HELP: marked("Help"),
    MenuItem.TUTORIAL: marked("How it works"),
    MenuItem.SETTINGS: marked("Settings"),
    MenuItem.LANGUAGE: marked("Language"),
    MenuItem.QUESTIONS: marked("My questions"),
    MenuItem.DATA: marked("My data"),
}
MENU = marked("Menu")
"""What opens the rich menu."""
ALSO = {
    MenuItem.HELP: (
        "help", "?", "？", "幫助", "使用說明", "怎麼用", "hi", "hello", "你好", "您好", "哈囉", "在嗎",
        "早", "早安", "午安", "晚安", "good morning", "こんにちは", "おはようございます",
        "xin chào", "halo", "selamat pagi", "สวัสดี",
        "你是誰", "您是誰", "功能", "選單", "客服", "人工客服", "真人客服", "聽不懂", "看不懂", "不懂", "不會用",
        "who are you", "menu", "使い方",
    ),
    MenuItem.TUTORIAL: ("tutorial", "教學", "怎麼使用", "怎麼查", "怎麼轉傳"),
    MenuItem.SETTINGS: (
        "字太小", "放大", "大字", "放大字體", "字體", "停止", "取消通知", "關閉通知", "不要通知", "取消訂閱", "退訂",
        "stop", "unsubscribe", "larger text",
    ),
    MenuItem.LANGUAGE: (
        "english", "英文", "英語", "日本語", "日文", "日語", "中文", "繁體中文", "國語", "台語", "臺語",
        "越南文", "印尼文", "泰文",
        "tiếng việt", "bahasa", "bahasa indonesia", "ไทย", "ภาษา", "ภาษาไทย",
    ),
    MenuItem.QUESTIONS: ("我的問題",),
    MenuItem.DATA: ("刪除我的資料", "delete my data"),
}  # fmt: skip
"""Besides the labels in every language: what people type who want it."""
ENGLISH_NAME = "Language"
WHY_PREFIX = marked("My doubt: ")
COMMENT_PREFIX = marked("About the answer: ")
"""What a text that says why begins with; the phone writes it, the person goes on."""
PREFIXES = {MenuItem.WHY: WHY_PREFIX, MenuItem.COMMENT: COMMENT_PREFIX}


def label_of(words: Words, item: MenuItem) -> str:
    """What stands on a field or a button; the way to another language is named so that who needs it can read it."""
    label = words(LABELS[item])
    return f"{label} {ENGLISH_NAME}" if item == MenuItem.LANGUAGE and label != ENGLISH_NAME else label


class Commands:
    """Knows a command when it is typed, in whatever language."""

    def __init__(self, wordings: Wordings) -> None:
        self._items: Mapping[str, MenuItem] = {
            _plain(word): item
            for item, label in LABELS.items()
            for words in wordings.values()
            for word in (words(label), label_of(words, item), *ALSO[item])
        }
        self._prefixes = [
            (_plain(words(prefix)), item) for item, prefix in PREFIXES.items() for words in wordings.values()
        ]

    def find(self, text: str) -> MenuItem | None:
        """The menu's item that the text names; None when it is a message to look up."""
        return self._items.get(_plain(text)) if len(text) <= MAX_COMMAND else None

    def find_remark(self, text: str) -> tuple[MenuItem, str] | None:
        """What somebody went on to write after one of the beginnings, which may be nothing."""
        for prefix, item in self._prefixes:
            if _plain(text[: len(prefix) + 1]).startswith(prefix):
                _, _, remark = text.replace("：", ":", 1).partition(":")
                return item, remark.strip()
        return None


def _plain(text: str) -> str:
    return text.strip().lower().replace("：", ":")
