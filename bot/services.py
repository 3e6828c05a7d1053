"""What handlers, jobs and commands work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.buttons import Buttons
from bot.matching import Matching
from bot.metrics import Metrics
from bot.pseudonyms import Pseudonyms
from bot.settings import Settings
from storage.database import Database

if TYPE_CHECKING:
    from bot.line_client import LineClient
    from storage.inbox import Inbox


@dataclass(slots=True, kw_only=True)
class Services:
    """One process' parts, made once by the composition root and handed to whoever needs them."""

    settings: Settings
    database: Database
    metrics: Metrics
    pseudonyms: Pseudonyms
    buttons: Buttons
    matching: Matching
    """`await services.matching.match(text)`, once `services.matching.ready`."""
    inbox: Inbox
    line: LineClient
