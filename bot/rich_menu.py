"""Which rich menu a person sees below the chat: everybody the default language's, whoever chose another that one's.

`chaming line menu` makes one for each language and gives it an alias, by which it is found here: no id is kept anywhere
that could go stale, and a channel without menus simply has none to show.
"""

import structlog

from bot.line_client import LineClient
from bot.line_errors import LineError
from bot.wording import DEFAULT_LANGUAGE

log = structlog.get_logger()


def alias_of(language: str) -> str:
    """The alias of a language's menu, e.g. `chaming-zh-hant`; LINE takes small letters, digits, `-` and `_`."""
    return f"chaming-{language.lower().replace('_', '-')}"


async def show_rich_menu(line: LineClient, user_id: str, language: str) -> None:
    """Show a person the menu in this language. A courtesy: when LINE does not do it, the words still work."""
    try:
        if language == DEFAULT_LANGUAGE:
            await line.unlink_rich_menu(user_id)
        elif (menu_id := await line.find_rich_menu(alias_of(language))) is not None:
            await line.link_rich_menu(user_id, menu_id)
    except LineError as error:
        log.info("rich_menu_not_shown", error=error.code)
