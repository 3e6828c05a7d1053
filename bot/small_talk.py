"""Courtesies: what people say to a bot that is no claim, and must not be offered to volunteers as one."""

from retrieval.normalise import matching_key

COURTESIES = frozenset(
    matching_key(words)
    for words in (
        "謝謝", "謝謝你", "謝謝您", "謝謝喔", "謝啦", "感謝", "感謝您", "感恩", "多謝", "辛苦了",
        "好", "好的", "好喔", "了解", "收到", "知道了", "明白了", "嗯", "嗯嗯", "沒事", "再見", "掰掰",
        "thanks", "thank you", "thank you very much", "thx", "ok", "okay", "i see",
        "ありがとう", "ありがとうございます", "どうも", "はい", "わかりました",
    )
)  # fmt: skip
"""By matching key, so that an emoji or a mark of exclamation behind it makes no difference."""


def is_courtesy(text: str) -> bool:
    """Whether the text is nothing but a courtesy."""
    return matching_key(text) in COURTESIES
