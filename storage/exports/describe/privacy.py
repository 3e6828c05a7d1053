"""`privacy.json`: what was done so that nobody is found in a release, in numbers."""

from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from storage.exports.day_counts import K_ANONYMITY
from storage.exports.manifest import Manifest
from storage.personal_data import MASK


def to_privacy_report(manifest: Manifest, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The report; `figures` has for each table its rows, what was masked by kind, and how many rows were left out."""
    masked: Counter[str] = Counter()
    for one in figures.values():
        masked.update(one["masked"])
    return {
        "format": "chaming-privacy/1",
        "release": manifest.release,
        "epoch": manifest.epoch,
        "consent": "Only messages, wordings and reasons whose senders agreed to their publication; nothing blocked, "
        "deleted or taken back.",
        "pseudonyms": "HMAC-SHA-256, 120 bits, under a key of the calendar quarter in which the row was written. The "
        "same person has another pseudonym in another quarter, in every release alike.",
        "times": "cut to the hour; of the matcher's decisions, and of what was changed or withdrawn later, to the day",
        "match_decisions": "nobody is named; an article that somebody then asked about is told only where at least "
        f"{K_ANONYMITY} people asked about it on that day",
        "mask": MASK,
        "detectors": ["chaming storage.personal_data", f"phonenumbers {version('phonenumbers')}"],
        "not_masked": ["names: public figures cannot be told from others", "pages cited in volunteers' replies"],
        "masked_in_all": dict(sorted(masked.items())),
        "fewest_people_in_a_count": K_ANONYMITY,
        "tables": {
            name: {"rows": one["rows"], "masked": one["masked"], "rows_left_out": one["left_out"]}
            for name, one in figures.items()
        },
    }
