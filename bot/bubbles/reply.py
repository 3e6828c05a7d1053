"""What is common to every bubble that shows a volunteer's reply."""

from bot.bubbles.view import View
from bot.fit import clean, cut, one_line
from bot.flex import INK, LINK, Part, box, label, small, text, uri
from bot.labels import VERDICTS, checked_on, licence, state_label
from bot.references import Reference, to_references
from storage.articles import ReplySummary
from storage.tables import ReplyState, Verdict

MAX_REFERENCES = 3
MAX_CAPTION = 90
WHITE = "#FFFFFF"
CAUTION = "#FFF4D6"
CALM = "#EAF1FB"


def verdict_header(view: View, verdict: Verdict) -> Part:
    """The verdict in words, a sign and a colour, and what to do about it."""
    look = VERDICTS[verdict]
    sign = text(look.sign, color=look.colour, weight="bold", size="xl", align="center", wrap=False, scaling=False)
    circle = box(
        "vertical",
        [sign],
        width="40px",
        height="40px",
        cornerRadius="20px",
        backgroundColor=WHITE,
        justifyContent="center",
        flex=0,
    )
    said = [
        text(view.words(look.label), color=WHITE, weight="bold", size="xl"),
        text(view.words(look.advice), color=WHITE, size="sm"),
    ]
    column = box("vertical", said, margin="lg", justifyContent="center", spacing="xs")
    return box("horizontal", [circle, column], backgroundColor=look.colour, paddingAll="xl", alignItems="center")


def state_note(view: View, reply: ReplySummary) -> Part:
    """How far the reply has been confirmed; one that has not been stands out."""
    ground = CAUTION if reply.state == ReplyState.PROVISIONAL else CALM
    said = text(state_label(view.words, reply), size="sm", weight="bold", color=INK)
    return box("vertical", [said], backgroundColor=ground, cornerRadius="md", paddingAll="md")


def reply_text(view: View, reply: ReplySummary, limit: int) -> list[Part]:
    """What the volunteer wrote, and a note when the end is on the page only."""
    whole = clean(reply.text)
    shown = cut(whole, limit)
    parts = [label(view.words("What the volunteer found")), text(shown, lineSpacing="6px")]
    if shown != whole:
        parts.append(small(view.words("This is the beginning. The whole text is on the page below.")))
    return parts


def references(view: View, reply: ReplySummary) -> list[Part]:
    """Where it can be looked up; each address can be pressed."""
    found = to_references(reply.reference)
    if not found:
        return [small(view.words("No source was given."))]
    lines = [_reference(view, reference) for reference in found[:MAX_REFERENCES]]
    left = len(found) - len(lines)
    if left:
        more = view.words.plural("One more source is on the page.", "{number} more sources are on the page.", left)
        lines.append(small(more))
    return [label(view.words("Sources")), *lines]


def provenance(view: View, reply: ReplySummary) -> list[Part]:
    """When, by whom, and the attribution that imported data comes with."""
    lines = [checked_on(view.words, reply), view.written_by(reply), licence(view.words, reply)]
    return [small(line) for line in lines if line]


def _reference(view: View, reference: Reference) -> Part:
    caption = "・" + cut(one_line(reference.caption), MAX_CAPTION)
    if reference.url is None:
        return text(caption, size="sm")
    action = uri(view.words("Open the source"), reference.url)
    return text(caption, size="sm", color=LINK, decoration="underline", action=action)
