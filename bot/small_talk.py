"""What people say to a bot that is no claim: thanks, a typed yes or no, "is this true?" with nothing beside it.

None of it is offered to the volunteers as a message: each gets an answer that helps on. Only what asks without the
thing is looked up first, for that is told by its words alone, and a claim may be made of the same words.
"""

import re
from enum import StrEnum

from retrieval.normalise import fold, matching_key, to_simplified

MAX_TALK = 40
"""Characters of a matching key beyond which it is something to look up, whatever it is made of."""
MIN_CLAIM = 8
"""Characters of a matching key below which a text is hardly a forwarded message: the shortest of the sample has 15."""


class SmallTalk(StrEnum):
    """What somebody wants who says it. The values are outcomes, which metrics count."""

    COURTESY = "courtesy"
    YES = "typed_yes"
    NO = "typed_no"
    VAGUE = "vague"
    """Whether something is true, without the thing; as far as its words tell."""
    DEFRAUDED = "defrauded"
    """Somebody has lost money, or is about to."""
    VOLUNTEERING = "volunteering"


SAID = {
    SmallTalk.COURTESY: (
        "謝謝", "謝謝你", "謝謝您", "謝謝喔", "謝啦", "感謝", "感謝您", "感恩", "多謝", "辛苦了",
        "了解", "收到", "知道了", "明白了", "沒事", "沒事了", "再見", "掰掰", "哈哈", "哈哈哈", "呵呵", "讚",
        "thanks", "thank you", "thank you very much", "thx", "i see", "haha", "lol",
        "ありがとう", "ありがとうございます", "どうも", "わかりました",
    ),
    SmallTalk.YES: (
        "好", "好的", "好喔", "好啊", "好呀", "要", "我要", "可以", "是", "是的", "對", "對啊", "嗯", "嗯嗯", "同意",
        "麻煩了", "麻煩您", "ok", "okay", "yes", "yes please", "sure", "はい", "お願いします",
    ),
    SmallTalk.NO: (
        "不要", "不用", "不用了", "不必", "不必了", "不需要", "不用謝謝", "不好", "不是", "沒有", "沒關係",
        "算了", "取消", "no", "no thanks", "no thank you", "cancel", "いいえ", "結構です", "キャンセル",
    ),
    SmallTalk.DEFRAUDED: (
        "我被騙了", "被騙了", "被騙", "我被騙錢了", "被騙錢", "我被詐騙了", "被詐騙", "被詐騙了", "遇到詐騙",
        "詐騙電話", "被騙怎麼辦", "被詐騙怎麼辦", "詐騙怎麼辦", "我要報案", "報案", "165", "反詐騙",
        "i was scammed", "i have been scammed", "scammed", "詐欺に遭いました", "騙されました",
    ),
    SmallTalk.VOLUNTEERING: (
        "志工", "當志工", "我想當志工", "我要當志工", "想當志工", "怎麼當志工", "如何當志工", "加入志工", "志工招募",
        "我知道更多", "我有資料可以補充", "volunteer", "i want to volunteer", "i want to help", "i know more",
        "ボランティア", "補足できることがある",
    ),
}  # fmt: skip
BY_KEY = {matching_key(words): talk for talk, said in SAID.items() for words in said}
"""By matching key, so that an emoji or a mark of exclamation behind it makes no difference."""

POINTING = """
請問 請 您 你 我 幫 幫我 幫忙 協助 看 看看 一下 想 想問 問 這 這個 這則 這張 這段 這部 這篇 這種 這樣 那 那個 那則
是 是不是 是否 真的 假的 真 假 真實 真假 嗎 呢 吧 啊 喔 呀 耶 了 可信 可以幫 可以幫忙 可以相信 可以信 相信
能 能不能 可不可以 信 正確 對 對不對 可靠 屬實 有沒有 有這種事 有這回事 有查證 還 還是 或 或是 怎麼 哪 什麼 意思
查 查查 查證 確認 求證 驗證 闢謠 麻煩 拜託 謝謝 知道
訊息 簡訊 圖 圖片 照片 影片 消息 新聞 文章 內容 資訊 連結 網址 錄音 詐騙 謠言 假消息 假新聞 騙人
說 說的 講 的 到 收到 上面 下面 剛剛 剛才 有人 傳 傳來 傳給我 轉傳 轉傳給我 給我 朋友 家人 群組
これ この は の が って 本当 ほんとう ですか です か デマ 詐欺 メッセージ 画像 動画 記事 確認 して ください
お願いします 正しい 信じて いい 教えて
"""
ASKING = """
嗎 呢 真的 假的 真假 真是假 還是假 是不是 是否 請問 幫 協助 查 可信 可靠 確認 求證 驗證 闢謠 屬實 正確 對不對
有沒有 能不能 可不可以 什麼 拜託 相信 ですか 本当 ほんとう 確認 正しい 教えて
"""
POINTING_IN_ENGLISH = """
is isn't isnt are aren't was this that it it's its these those true real fake false right correct a an the or not can
could you i we please help check verify confirm look up at into for me my us tell know if whether message picture photo
image video link news story article hoax rumor rumour scam legit trust believe what about of so really hi hello thanks
thank
"""
ASKING_IN_ENGLISH = "true real fake false correct legit check verify confirm hoax trust believe"
OPENING_A_QUESTION = "is isn't isnt are aren't was can could what please help"
POINTERS = frozenset(map(matching_key, POINTING.split()))
ENGLISH_POINTERS = frozenset(POINTING_IN_ENGLISH.split())
"""Words that point at a message and say nothing of what it claims."""
ASKERS = frozenset(map(matching_key, ASKING.split()))
ENGLISH_ASKERS = frozenset(ASKING_IN_ENGLISH.split())
ENGLISH_OPENINGS = frozenset(OPENING_A_QUESTION.split())
"""Without one of these nobody asks or requests anything: pointing words alone make sentences too."""

MAX_CRY = 15
"""Characters of a matching key in which somebody says that they were defrauded; longer ones tell a story to look up."""
CHEATED = re.compile(to_simplified("被(?:別?人|詐騙集團|網友|對方)?(?:詐騙|詐|騙)|遇到詐騙"))
WHOM = re.compile(
    to_simplified(
        "我(?!們)|媽|爸|嬤|阿公|老公|老婆|先生|太太|兒子|女兒|家人|朋友|怎麼辦|錢|好像|疑似|可能|要回|報警|報案|求救|救命"
    )
)
WARNING = re.compile(to_simplified("不要|別(?!人)|小心|避免|防|不會|不怕|才不|沒有?被|以免|提醒"))
CHEATED_IN_JAPANESE = re.compile(
    to_simplified(
        "(?:騙|だま)され(?:た|ました|てしまった|てしまいました|ちゃった)(?:かも|みたい|よう|と思い|のです|んです|どう|助けて|$)"
        "|詐欺に(?:遭|あ)(?:った|いました)"
    )
)
CHEATED_IN_ENGLISH = re.compile(
    r"\b(?:i|i've|ive|we|we've|mom|mum|dad|mother|father|husband|wife)"
    r"(?: (?:have|has|had|was|were|got|been|being|just|am|may|might|think|i|i've|probably|almost))*"
    r" (?:scammed|defrauded)\b"
)


def find_small_talk(text: str) -> SmallTalk | None:
    """What the text is, when it is nothing but that; None for whatever is to be looked up."""
    key = matching_key(text)
    if not key or len(key) > MAX_TALK:
        return None
    if key in BY_KEY:
        return BY_KEY[key]
    if _tells_of_fraud(key, text):
        return SmallTalk.DEFRAUDED
    asks = _asks_in_english(text) if key.isascii() else _asks(key)
    return SmallTalk.VAGUE if asks else None


def is_too_short(text: str) -> bool:
    """Whether the text is hardly a message that somebody was forwarded: a word or two."""
    return len(matching_key(text)) < MIN_CLAIM


def _tells_of_fraud(key: str, text: str) -> bool:
    """Whether somebody says that they, or theirs, were defrauded, and warns nobody."""
    if key.isascii():
        return CHEATED_IN_ENGLISH.search(fold(text)) is not None
    if len(key) > MAX_CRY:
        return False
    if CHEATED_IN_JAPANESE.search(key):
        return True
    return bool(CHEATED.search(key) and WHOM.search(key)) and not WARNING.search(key)


def _asks_in_english(text: str) -> bool:
    words = re.findall(r"[a-z']+|\d", fold(text))
    if len(words) < 2 or not ENGLISH_POINTERS.issuperset(words):
        return False
    return words[0] in ENGLISH_OPENINGS or not ENGLISH_ASKERS.isdisjoint(words)


def _asks(key: str) -> bool:
    return any(asking in key for asking in ASKERS) and _is_made_of(key, POINTERS)


def _is_made_of(key: str, pieces: frozenset[str]) -> bool:
    """Whether the key is nothing but pieces, one behind the other."""
    longest = max(map(len, pieces))
    reached = {0}
    for end in range(1, len(key) + 1):
        if any(end - size in reached and key[end - size : end] in pieces for size in range(1, min(longest, end) + 1)):
            reached.add(end)
    return len(key) in reached
