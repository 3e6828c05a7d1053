"""The composition root: what web, worker and command line share, made from the settings and closed again.

Nothing here starts work of its own; `bot/worker.py` starts the dispatcher and loads model and index.
"""

import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.bubbles.view import View
from bot.buttons import Buttons
from bot.dispatch import LEASE
from bot.group_buffer import GroupBuffer
from bot.index_keeper import IndexKeeper
from bot.index_opening import index_folder, open_index
from bot.limits import Limits
from bot.line_client import LineClient, open_line_client
from bot.link_titles import LinkTitles
from bot.logs import configure_logs
from bot.matching import Matching
from bot.media.desk import MediaDesk, open_media_desk
from bot.menu import Commands
from bot.metrics import Metrics
from bot.newcomers import Newcomers
from bot.notify import NoticeRider
from bot.pseudonyms import Pseudonyms
from bot.settings import Settings
from bot.wording import Wordings, choose_words, load_wordings
from moderation.fetching import BoundedFetcher
from storage.database import Database, open_database
from storage.inbox import Inbox
from storage.payloads import derive_payload_key
from storage.tables import Asker


@dataclass(slots=True, kw_only=True)
class Services:
    """One process' parts, made once by `open_services` and handed to whoever needs them."""

    settings: Settings
    database: Database
    inbox: Inbox
    line: LineClient
    metrics: Metrics
    pseudonyms: Pseudonyms
    buttons: Buttons
    wordings: Wordings
    """What the bot says, by language."""
    group_buffer: GroupBuffer
    """What groups have just said, in memory, where a setting allows that."""
    commands: Commands
    """The words that ask for help, settings and the like."""
    matching: Matching
    """`await services.matching.match(text)`, once `services.matching.ready`."""
    follower: IndexKeeper
    """Loads model and index, and keeps the index equal to the database."""
    media: MediaDesk
    """Fetches, reads and knows again pictures, videos and recordings."""
    link_titles: LinkTitles
    """Titles of the pages that messages link to, where a setting allows them to be fetched."""
    limits: Limits
    """How much one chat may ask for, and who is not answered."""
    newcomers: Newcomers
    """Learns the language of people who have chosen none."""
    notices: NoticeRider
    """Lets what people are to be told ride along with the answers to them."""


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open database, inbox and LINE client inside the running loop; close them when the block ends."""
    configure_logs(settings.log_level, settings.log_format)  # before anything may log what people wrote
    async with AsyncExitStack() as stack:
        database = open_database(settings.database_url)
        stack.push_async_callback(database.close)
        inbox = Inbox(
            database, encryption_key=derive_payload_key(settings.secret_key), owner=name_process(), lease=LEASE
        )
        await inbox.start()
        stack.push_async_callback(inbox.close)
        metrics = Metrics()
        line = open_line_client(settings, metrics)
        stack.push_async_callback(line.close)
        newcomers = Newcomers(database, line)
        stack.push_async_callback(newcomers.close)
        media = open_media_desk(settings, database, metrics)
        stack.push_async_callback(media.close)
        matching = Matching(metrics)
        link_titles = LinkTitles(BoundedFetcher() if settings.fetch_link_titles else None)
        stack.push_async_callback(link_titles.close)
        buttons, wordings = Buttons(settings.secret_key), load_wordings()
        pseudonyms = Pseudonyms(settings.secret_key)

        def to_view(asker: Asker | None) -> View:
            words = choose_words(wordings, asker.language if asker else None)
            is_large = asker.large_text if asker else False
            return View(words, buttons, settings.public_url, is_large, pseudonyms)

        yield Services(
            settings=settings,
            database=database,
            inbox=inbox,
            line=line,
            metrics=metrics,
            pseudonyms=pseudonyms,
            buttons=buttons,
            wordings=wordings,
            commands=Commands(wordings),
            link_titles=link_titles,
            limits=Limits(database, settings.chat_limit_per_minute),
            group_buffer=GroupBuffer(settings.group_buffer_minutes),
            matching=matching,
            media=media,
            follower=IndexKeeper(
                database=database,
                matching=matching,
                metrics=metrics,
                folder_of=partial(index_folder, settings),
                open_index=partial(open_index, settings, database),
            ),
            newcomers=newcomers,
            notices=NoticeRider(database, metrics, to_view),
        )


def name_process() -> str:
    """A name for this process in claims and leases; another one after every start."""
    return f"{socket.gethostname()}-{secrets.token_hex(6)}"
