"""A claimed task with its message, and the pages of a made-up internet."""

from sqlalchemy.ext.asyncio import AsyncSession

from moderation.fetching import FetchedPage, FetchError
from moderation.writing.drafts import Writing, open_draft, save_draft
from storage.database import Database
from storage.tables import Article, Draft, Editor, ReviewTask, Role, TaskState, Verdict

MESSAGE = "每天吃蒜頭可以治百病 https://www.rumor.example/garlic?utm_source=line"
TEXT = "大蒜不能治病，衛福部已經說明。"
PROOF = "衛福部的說明\nhttps://www.mohw.example/garlic"
WRITTEN = Writing(Verdict.RUMOR, TEXT, PROOF)


class Internet:
    """Pages by address; any other raises what it is made with."""

    def __init__(self, pages: dict[str, str | FetchError]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def fetch(self, url: str) -> FetchedPage:
        self.asked.append(url)
        found = self.pages[url]
        if isinstance(found, FetchError):
            raise found
        return FetchedPage(url, url, 200, "text/html", found, "words")


async def add_task(
    session: AsyncSession,
    article_id: str = "a",
    *,
    text: str = MESSAGE,
    claimed_by: str | None = "volunteer",
    state: TaskState = TaskState.CLAIMED,
) -> None:
    """A message whose task `volunteer` has claimed, and the cast with accounts."""
    for name in ("volunteer", "second_volunteer", "moderator"):
        if await session.get(Editor, name) is None:
            session.add(Editor(id=name, role=Role.MODERATOR if name == "moderator" else Role.REVIEWER))
    session.add(Article(id=article_id, text=text))
    await session.flush()
    session.add(ReviewTask(id=f"task-{article_id}", article_id=article_id, state=state, claimed_by=claimed_by))
    await session.flush()


async def write(database: Database, writing: Writing = WRITTEN, article_id: str = "a", corrects: str = "") -> Draft:
    async with database.transaction() as session:
        draft = await open_draft(session, article_id, "volunteer", corrects)
        return await save_draft(session, draft.id, "volunteer", draft.version, writing)
