"""What people say to a bot that is no claim: thanks, a typed yes or no, "is this true?" with nothing beside it.

None of it is looked up, and none of it is offered to the volunteers as a message: each gets an answer that helps on.
"""

import re
from enum import StrEnum

from retrieval.normalise import matching_key

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
    """Whether something is true, without the thing."""
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
        "我知道更多", "volunteer", "i want to volunteer", "i want to help", "i know more", "ボランティア",
    ),
}  # fmt: skip
BY_KEY = {matching_key(words): talk for talk, said in SAID.items() for words in said}
"""By matching key, so that an emoji or a mark of exclamation behind it makes no difference."""

POINTING = """
請問 請 您 你 我 幫 幫我 幫忙 看 看看 一下 想 想問 問 這 這個 這則 這張 這段 這部 這篇 這種 這樣 那 那個 那則
是 是不是 是否 真的 假的 真 假 真實 真假 嗎 呢 吧 啊 喔 呀 耶 了 可信 可以 相信 能 能不能 可不可以 信 正確 對 對不對
可靠 屬實 有 沒有 有沒有 還是 或 或是 怎麼 會 要 哪 查 查查 查證 確認 求證 驗證 闢謠 麻煩 拜託 謝謝 知道
訊息 簡訊 圖 圖片 照片 影片 消息 新聞 文章 內容 東西 資訊 連結 網址 錄音 詐騙 謠言 假消息 假新聞 騙人
說 說的 講 的 到 收到 上面 下面 剛剛 剛才 人 有人 大家 傳 傳來 轉傳 給 朋友 家人 群組
これ この は の が 本当 ほんとう ですか です か デマ 詐欺 メッセージ 画像 動画 記事 確認 して ください お願いします
正しい 信じて いい 教えて
"""
POINTING_IN_ENGLISH = """
is are was this that it these those true real fake false right correct a an the or not can could you i we please
check verify look up at into for me my us tell know if whether message picture photo image video link news story
article hoax rumor rumour scam legit trust believe what about of so really hi hello thanks thank
"""
POINTERS = frozenset(map(matching_key, POINTING.split()))
ENGLISH_POINTERS = frozenset(POINTING_IN_ENGLISH.split())
"""Words that point at a message and say nothing of what it claims."""


def find_small_talk(text: str) -> SmallTalk | None:
    """What the text is, when it is nothing but that; None for whatever is to be looked up."""
    key = matching_key(text)
    if not key or len(key) > MAX_TALK:
        return None
    if key in BY_KEY:
        return BY_KEY[key]
    only_points = _points_in_english(text) if text.isascii() else _is_made_of(key, POINTERS)
    return SmallTalk.VAGUE if only_points else None


def is_too_short(text: str) -> bool:
    """Whether the text is hardly a message that somebody was forwarded: a word or two."""
    return len(matching_key(text)) < MIN_CLAIM


def _points_in_english(text: str) -> bool:
    words = re.findall(r"[a-z']+|\d", text.lower())
    return len(words) > 1 and ENGLISH_POINTERS.issuperset(words)


def _is_made_of(key: str, pieces: frozenset[str]) -> bool:
    """Whether the key is nothing but pieces, one behind the other."""
    longest = max(map(len, pieces))
    reached = {0}
    for end in range(1, len(key) + 1):
        if any(end - size in reached and key[end - size : end] in pieces for size in range(1, min(longest, end) + 1)):
            reached.add(end)
    return len(key) in reached
