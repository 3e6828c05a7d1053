"""Each saved view as an Atom feed and as JSON, for readers and scripts that cannot sign in."""

from urllib.parse import parse_qsl
from xml.etree import ElementTree

from aiohttp import web

from moderation.console.context import get_context
from moderation.console.lists import load_list
from moderation.console.wording import choose_words
from moderation.filters import read_filters
from moderation.queue import RankedTask
from storage.tables import Editor, SavedView

ATOM = "http://www.w3.org/2005/Atom"
LONGEST = 50
TITLE_CHARACTERS = 80


async def show_atom(request: web.Request) -> web.Response:
    view, tasks = await _load(request)
    context = get_context(request)
    words = choose_words(context.wordings, None, "")
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "id", f"urn:chaming:view:{view.id[:8]}")
    _add(feed, "title", words("查明: {name}", name=view.name))
    newest = max((each.task.asked_at for each in tasks), default=view.created_at)
    _add(feed, "updated", newest.isoformat())
    for each in tasks:
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", f"urn:chaming:task:{each.task.task_id}")
        _add(entry, "title", " ".join(each.task.text.split())[:TITLE_CHARACTERS] or each.task.type)
        _add(entry, "updated", each.task.asked_at.isoformat())
        ElementTree.SubElement(entry, f"{{{ATOM}}}link", href=f"{context.url}/tasks/{each.task.task_id}")
        author = ElementTree.SubElement(entry, f"{{{ATOM}}}author")
        _add(author, "name", "查明")
        _add(entry, "content", each.task.text)
    body = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return web.Response(body=body, content_type="application/atom+xml", charset="utf-8")


async def show_json(request: web.Request) -> web.Response:
    view, tasks = await _load(request)
    url = get_context(request).url
    return web.json_response(
        {
            "name": view.name,
            "tasks": [
                {
                    "task_id": each.task.task_id,
                    "article_id": each.task.article_id,
                    "url": f"{url}/tasks/{each.task.task_id}",
                    "text": each.task.text,
                    "type": each.task.type,
                    "state": each.task.state,
                    "asks": each.task.asks,
                    "asked_at": each.task.asked_at.isoformat(),
                    "categories": each.task.facts.categories,
                    "benefit": round(each.benefit.value, 3),
                    "factors": {name: round(factor, 3) for name, factor in each.benefit.factors.items()},
                }
                for each in tasks
            ],
        }
    )


async def _load(request: web.Request) -> tuple[SavedView, list[RankedTask]]:
    """The view's list, as whoever saved it sees it; the view's id is the key."""
    context = get_context(request)
    async with context.database.reading() as session:
        view = await session.get(SavedView, request.match_info["view_id"])
        editor = await session.get(Editor, view.editor_id) if view else None
    if view is None or editor is None or editor.blocked_at is not None:
        raise web.HTTPNotFound
    found = await load_list(context, editor, read_filters(dict(parse_qsl(view.query))))
    return view, list(found.tasks[:LONGEST])


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, f"{{{ATOM}}}{name}").text = "".join(
        c for c in text if c.isprintable() or c in "\n\t"
    )


routes = [
    web.get(r"/feeds/{view_id:[\w-]+}.atom", show_atom),
    web.get(r"/feeds/{view_id:[\w-]+}.json", show_json),
]
