"""The gate before another encoder: both are measured on the same sets, and no bar may fall.

A bar is a figure that people feel: the right article first, a wrong answer given. A figure that is worse to the third
decimal, as it is printed, has fallen, however small the set: whoever finds that too strict forces the change, and the
report says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrieval.calibration import Calibration
from retrieval.evaluate import LabelledSet, Report
from retrieval.index import MatchingIndex
from retrieval.matcher import BlockingMatcher
from retrieval.onnx_encoder import OnnxEncoder
from retrieval.types import Band
from scripts.evaluate import evaluate
from storage.tables import Choice, MatchDecision

HIGHER = (
    "success@1",
    "success@5",
    "mrr@10",
    "answered_right",
    "accuracy",
    "precision",
    "recall",
    "auroc",
    "rank1_agreement",
)
LOWER = ("answered_wrong", "false_answer_rate", "false_accept_rate", "still_answered")
DIGITS = 3

RECORDED = "recorded choices"
NOT_COMPARED = "Nothing is compared: the encoder before cannot be run here any more."


@dataclass(frozen=True, slots=True)
class Side:
    """One encoder with its calibration, and the index of this database's articles under it."""

    encoder: OnnxEncoder
    calibration: Calibration
    index: MatchingIndex


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure of one set, with both encoders; `before` is None when there is nothing to compare with."""

    name: str
    figure: str
    before: float | None
    after: float

    @property
    def has_fallen(self) -> bool:
        if self.before is None:
            return False
        before, after = round(self.before, DIGITS), round(self.after, DIGITS)
        return after < before if self.figure in HIGHER else after > before


def measure(side: Side, sets: Mapping[str, LabelledSet], recorded: Sequence[MatchDecision]) -> dict[str, Report]:
    """Everything that can be measured with one encoder, by set."""
    measured = {name: evaluate(labelled, side.encoder, side.calibration) for name, labelled in sets.items()}
    if recorded:
        measured[RECORDED] = {"choices": measure_recorded(side, recorded)}
    return measured


def measure_recorded(side: Side, recorded: Sequence[MatchDecision]) -> dict[str, float]:
    """Match the messages again that people agreed to publish, and compare with what they chose then.

    A message that was published is an article itself by now, and left out of what is found for it.
    """
    matcher = BlockingMatcher(side.index, side.encoder.encode, side.calibration)
    agreeing = answered = positives = negatives = 0
    for decision in recorded:
        found = [m for m in matcher.match(decision.text or "") if m.article_id != decision.asked_article_id]
        if decision.choice == Choice.THIS:
            positives += 1
            agreeing += bool(found) and found[0].article_id == decision.chosen_article_id
        else:
            negatives += 1
            refused = {offer["article_id"] for offer in decision.offered}
            answered += any(m.article_id in refused and m.band is Band.ANSWER for m in found)
    figures = {"n": float(positives + negatives)}
    if positives:
        figures["rank1_agreement"] = agreeing / positives
    if negatives:
        figures["still_answered"] = answered / negatives
    return figures


def compare(before: Mapping[str, Report] | None, after: Mapping[str, Report]) -> list[Bar]:
    """All bars, set by set."""
    bars = []
    for name, report in after.items():
        for part, figures in report.items():
            old = before[name][part] if before is not None else {}
            bars += [
                Bar(f"{name}, {part}", figure, old.get(figure), figures[figure])
                for figure in (*HIGHER, *LOWER)
                if figure in figures
            ]
    return bars


def table(bars: Iterable[Bar], before: str | None, after: str) -> str:
    """The comparison as it is printed: one row a bar, the fallen ones marked."""
    bars = list(bars)
    lines = [f"before: {before or '–'}", f"after:  {after}"]
    if before and all(bar.before is None for bar in bars):
        lines.append(NOT_COMPARED)
    lines.append(f"{'':<44}{'before':>8}{'after':>8}")
    shown = None
    for bar in bars:
        if bar.name != shown:
            lines.append(bar.name)
            shown = bar.name
        old = "–" if bar.before is None else f"{bar.before:.{DIGITS}f}"
        mark = "  FALLEN" if bar.has_fallen else ""
        lines.append(f"  {bar.figure:<42}{old:>8}{bar.after:>8.{DIGITS}f}{mark}")
    return "\n".join(lines)


def to_report(bars: Sequence[Bar], before: Mapping[str, Report] | None, after: Mapping[str, Report]) -> dict[str, Any]:
    """What `adopted_model` keeps."""
    fallen = [f"{bar.name}: {bar.figure}" for bar in bars if bar.has_fallen]
    return {"before": before, "after": after, "fallen": fallen}
