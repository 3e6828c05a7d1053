"""Mending what a machine read off a picture or heard in a recording: it is what the message is found by."""

from sqlalchemy.ext.asyncio import AsyncSession

from moderation.announcing import announce_articles
from retrieval.normalise import key_hash
from storage.index_entries import delete_embeddings
from storage.tables import Article, ArticleType, Status, utc_now

MAX_TEXT = 20_000


class NotRecognisedError(Exception):
    """This message's text is what people sent, and nobody changes that."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def mend_text(session: AsyncSession, article_id: str, text: str) -> bool:
    """Store the text as it should have been read; False when it says that already. Every index follows."""
    article = await session.get(Article, article_id, with_for_update=True)
    if article is None or article.status != Status.NORMAL or article.type == ArticleType.TEXT:
        raise NotRecognisedError
    mended = text.replace("\r\n", "\n").replace("\0", "").strip()[:MAX_TEXT]
    if not mended or mended == article.text:
        return False
    article.text, article.matching_key_hash, article.updated_at = mended, key_hash(mended), utc_now()
    session.add(article)
    await delete_embeddings(session, article_id)
    await announce_articles(session, [(article_id, Status.NORMAL)])
    return True
