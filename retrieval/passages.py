"""Cut what people really send, long forwards and several messages in one, into passages that each say one thing.

A message of one claim is one passage. Boilerplate (calls to forward, share footers, sender lines) is dropped first:
it is the same in every rumour, and two rumours must not look alike because both say 請轉發.
"""

import regex

from retrieval.posts import plain_post

MAX_PASSAGES = 4
"""Bounds the encoder's work: each passage costs one run."""
PASSAGE_CHARACTERS = 220
ONE_PASSAGE_CHARACTERS = 330
"""A text up to here stays whole: the encoder sees it at once."""
MIN_PASSAGE_CHARACTERS = 12

_SIGNS = "-‐-―−－+＋±~～〜.．"
"""Before a digit they belong to the number: −5度 is not 5度."""
_BOILERPLATE = regex.compile(
    rf"""
    ^[ \t]*(?:上午|下午|[AP]M)?[ \t]*\d{{1,2}}:\d{{2}}[ \t]+(?![{_SIGNS}]?\d)\S{{1,12}}[ \t]+(?=\S)  # 10:32 王小明 …
    | ^[ \t]*\d{{4}}[./]\d{{1,2}}[./]\d{{1,2}}[ \t]*(?:\(?(?:週|星期|周)?[一二三四五六日]\)?)?[ \t]*$
    | (?:敬?請|歡迎|麻煩|務必|趕[緊快]|快)*(?:廣為|大家|多多|盡量|儘量|幫忙|協助|互相|一起|馬上|立[即刻])*
      (?:轉發|轉傳|轉告|轉貼|分享|傳出去|轉出去|转发|转告|分享)(?:出去|給|给)*(?:你|妳|您|的|所有|身邊|身边|更多|各|親|亲|朋|友|家|人|群|組|组|大家|知道)*
      [！!。.～~]* (?=\s|$|[，,])
    | ^[ \t]*(?:（?轉[發傳貼載]）?|转[发载]|fw|fwd|转)[ \t]*[:：]
    | ^[ \t]*(?:(?:大家|各位|親友們?|朋友們?)?(?:早安|午安|晚安|早上好)(?:(?![{_SIGNS}]\d)\W){{1,6}}
      |(?=我?[剛刚]))(?:我?[剛刚]{{1,2}}收到的?(?:訊息|消息|信息|讯息)?[ \t]*[:：，,])?
    | (?:感謝|謝謝|感恩)(?:大家|您|你)?[！!。～~]*[ \t]*$
    | (?:緊急|重要|最新)(?:通知|消息|公告|提醒)[！!：:。]*
    | 傳送自[ \t]*LINE | 從LINE分享 | \#LINE[ \t]?TODAY
    """,
    regex.VERBOSE | regex.MULTILINE | regex.IGNORECASE,
)
_MAY_HOLD_BOILERPLATE = regex.compile(
    r"[轉转傳享訊讯告醒謝谢恩]|通知|消息|公告|收到|[早午晚]安|早上好|LINE|[@#]|pic\.|fwd?|\d:\d\d|\d[./]\d",
    regex.IGNORECASE,
)
_BREAK = regex.compile(r"(?:\n\s*\n)|(?<=[。！？!?])|\n|(?<=[.;；])\s")
_BLANK = regex.compile(r"[ \t\u3000]+")


def remove_boilerplate(text: str) -> str:
    """Return the text without calls to forward, what posts carry beside their words, and the like; the text itself
    when nothing else would be left."""
    if _MAY_HOLD_BOILERPLATE.search(text) is None:
        return text.strip()
    cleaned = _BLANK.sub(" ", plain_post(_BOILERPLATE.sub(" ", text))).strip()
    return cleaned if len(cleaned) >= MIN_PASSAGE_CHARACTERS else text.strip()


def _pieces(text: str) -> list[str]:
    """Cut at sentence ends and line breaks; what has neither is cut by length."""
    pieces = []
    for piece in _BREAK.split(text):
        piece = piece.strip() if piece else ""
        pieces += [piece[i : i + PASSAGE_CHARACTERS] for i in range(0, len(piece), PASSAGE_CHARACTERS)]
    return pieces


def split_passages(text: str, limit: int = MAX_PASSAGES) -> list[str]:
    """Return at most `limit` passages of about `PASSAGE_CHARACTERS`; a short text is its own only passage.

    When there are more, the first ones are kept, and the last, since a forward's point stands at its ends.
    """
    text = text.strip()
    if len(text) <= ONE_PASSAGE_CHARACTERS:
        return [text] if text else []
    passages: list[str] = []
    for piece in _pieces(text):
        if passages and len(passages[-1]) + len(piece) < PASSAGE_CHARACTERS:
            passages[-1] += "\n" + piece
        else:
            passages.append(piece)
    return passages if len(passages) <= limit else [*passages[: limit - 1], passages[-1]]
