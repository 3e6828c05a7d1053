"""A head start: a message that comes alone is matched while it is being written to disk.

Nothing is decided by it: the answer waits until the event is on disk and its handler runs, and the handler reads the
articles anew. An event that turns out to be a duplicate, or one of several, has cost an idle matcher's work.
"""

from collections.abc import Sequence

from bot.event_parser import parse_event
from bot.events import ACTIVE, TextMessage
from bot.json_text import read_json
from bot.matching import Matching
from bot.mentions import without_mentions
from storage.inbox import IncomingEvent


def give_head_start(matching: Matching, events: Sequence[IncomingEvent]) -> None:
    """Begin to match what the handler of a lone text message will ask for."""
    if len(events) != 1:
        return
    event = parse_event(read_json(events[0].payload), event_id="", chat="", timestamp=0)
    if isinstance(event, TextMessage) and event.source_kind == "user" and event.mode == ACTIVE:
        matching.begin(without_mentions(event.text, event.mentions))
