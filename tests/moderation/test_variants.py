"""Wordings of an article: what becomes one, what never does, and how it is undone."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from moderation.intake import SureMatch, add_article, request_reply, take_in_message
from moderation.publish import set_article_status
from moderation.taking_back import forget_asker, take_back_message, take_back_request
from moderation.variants import (
    Because,
    ContradictedError,
    DetachedBeforeError,
    UnknownVariantError,
    attach_variant,
    detach_variant,
    load_variant_log,
    reattach_variant,
    set_sighting,
)
from storage.articles import find_article_page
from storage.askers import find_asked_article
from storage.database import Database
from storage.index_changes import load_changes
from storage.index_entries import load_entries
from storage.match_decisions import record_choice, record_decision
from storage.tables import (
    Article,
    ArticleVariant,
    ChangeKind,
    Choice,
    MatchDecision,
    MatchOutcome,
    ReplyRequest,
    Status,
    VariantAction,
    VariantSighting,
)

TEXT = "喝熱水可以殺死病毒，請轉發給家人"
REWORDED = "聽說喝熱水就可以殺死病毒喔，請轉發給家人朋友"
CONTRADICTING = "喝熱水不可以殺死病毒，請轉發給家人"
EDITOR = Because("editor", "the same rumour")
MATCHER = Because.of_match("e5@1", 0.98)


async def send(session: AsyncSession, contributor: str = "asker", key: str = "k", text: str = TEXT) -> str:
    article = await add_article(session, text=text, matching_key_hash=key, contributor=contributor)
    return article.id


async def attach(session: AsyncSession, article_id: str, text: str = REWORDED, **fields: object) -> ArticleVariant:
    given = {"matching_key_hash": "k2", "contributor": "outsider", "because": MATCHER} | fields
    variant = await attach_variant(session, article_id, text=text, **given)  # type: ignore[arg-type]
    assert variant is not None
    return variant


async def texts(session: AsyncSession, article_id: str) -> list[str]:
    return [entry.text for entry in (await load_entries(session, [article_id]))[article_id]]


async def kinds(session: AsyncSession) -> list[ChangeKind]:
    return [change.kind for change in await load_changes(session, 0)]


async def test_a_wording_is_indexed_and_the_log_says_why(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        variant = await attach(session, article_id)
    async with database.reading() as session:
        assert await texts(session, article_id) == [TEXT, REWORDED]
        assert await kinds(session) == [ChangeKind.ADDED, ChangeKind.REINDEXED]
        (row,) = await load_variant_log(session, article_id)
        assert (row.action, row.variant_id, row.actor) == (VariantAction.ATTACHED, variant.id, "matcher:e5@1")
        assert row.details == {"probability": 0.98}
        assert REWORDED not in row.model_dump_json()


async def test_it_is_detached_and_attached_again(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        variant = await attach(session, article_id)
        assert await detach_variant(session, variant.id, EDITOR) is True
        assert await detach_variant(session, variant.id, EDITOR) is False
        assert await texts(session, article_id) == [TEXT]
        page = await find_article_page(session, article_id)
        assert page is not None
        assert page.variants == ()
        with pytest.raises(DetachedBeforeError):
            await attach(session, article_id)
        assert await reattach_variant(session, variant.id, EDITOR) is True
        assert await reattach_variant(session, variant.id, EDITOR) is False
        assert await texts(session, article_id) == [TEXT, REWORDED]
        actions = [row.action for row in await load_variant_log(session, article_id)]
        assert actions == [VariantAction.ATTACHED, VariantAction.DETACHED, VariantAction.ATTACHED]


async def test_it_never_attaches_what_says_something_else(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        with pytest.raises(ContradictedError):
            await attach(session, article_id, CONTRADICTING, because=EDITOR)
        assert await texts(session, article_id) == [TEXT]


async def test_the_articles_own_words_and_known_wordings_are_no_new_ones(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        own = await attach_variant(
            session, article_id, text="喝熱水可以殺死病毒！", matching_key_hash="k", contributor=None, because=MATCHER
        )
        assert own is None
        first = await attach(session, article_id)
        assert (await attach(session, article_id, REWORDED + "！")).id == first.id


async def test_it_attaches_to_nothing_that_is_not_shown(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        await set_article_status(session, article_id, Status.BLOCKED)
        for unknown in (article_id, "nowhere"):
            with pytest.raises(UnknownVariantError):
                await attach(session, unknown)
        with pytest.raises(UnknownVariantError):
            await detach_variant(session, "nowhere", EDITOR)


async def test_a_sure_match_joins_the_article_instead_of_making_one(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        sure = [SureMatch(article_id, "e5@1", 0.98)]
        taken = await take_in_message(session, text=REWORDED, matching_key_hash="k2", contributor="outsider", sure=sure)
        assert taken.id == article_id
        again = await add_article(session, text=REWORDED, matching_key_hash="k2", contributor="third")
        assert again.id == article_id


async def test_fifty_askers_make_one_task(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session, "asker-0")
        for n in range(1, 50):
            sure = [SureMatch(article_id, "e5@1", 0.98)]
            taken = await take_in_message(
                session,
                text=f"{REWORDED}{'！' * n}",
                matching_key_hash="k2" if n % 2 else f"k{n}",
                contributor=f"asker-{n}",
                sure=sure,
            )
            await request_reply(session, article_id=taken.id, asker_id=f"asker-{n}")
        assert await session.scalar(select(func.count()).select_from(Article)) == 1
        assert await session.scalar(select(func.count()).select_from(ReplyRequest)) == 49


@pytest.mark.parametrize("text", [CONTRADICTING, REWORDED])
async def test_it_makes_an_article_of_its_own_where_it_must_not_join(database: Database, text: str) -> None:
    """The one contradicts the article, the other was taken off it by an editor."""
    async with database.transaction() as session:
        article_id = await send(session)
        await detach_variant(session, (await attach(session, article_id)).id, EDITOR)
        sure = [SureMatch(article_id, "e5@1", 0.98)]
        taken = await take_in_message(session, text=text, matching_key_hash="k2", contributor="outsider", sure=sure)
        assert taken.id != article_id
        assert taken.text == text


async def test_a_wording_goes_with_the_only_person_who_sent_it(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        await request_reply(session, article_id=article_id, asker_id="asker", matching_key_hash="k")
        await attach(session, article_id)
        for asker in ("outsider", "third"):
            await request_reply(session, article_id=article_id, asker_id=asker, matching_key_hash="k2")
        assert await find_asked_article(session, "outsider", "k2") == article_id
        await take_back_request(session, article_id=article_id, asker_id="outsider")
        assert await texts(session, article_id) == [TEXT, REWORDED]  # a third person sent it too
        await take_back_request(session, article_id=article_id, asker_id="third")
        assert await texts(session, article_id) == [TEXT]
        assert await session.scalar(select(func.count()).select_from(ArticleVariant)) == 0


async def test_a_wording_is_forgotten_with_its_sender_even_without_a_request(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        await request_reply(session, article_id=article_id, asker_id="asker")
        await attach(session, article_id)
        await forget_asker(session, "outsider")
        assert await texts(session, article_id) == [TEXT]


def decision_of(article_id: str, decision_id: str = "d", **fields: object) -> MatchDecision:
    offer = {"article_id": article_id, "probability": 0.98, "band": "answer", "signals": {"dense": 0.9}}
    given = {"asker_id": "asker", "key_hash": "keyed", "outcome": MatchOutcome.ANSWER, "model_id": "e5@1"} | fields
    return MatchDecision(id=decision_id, offered=[offer], **given)


async def seen(session: AsyncSession, article_id: str) -> int:
    return await session.scalar(select(VariantSighting.seen).where(VariantSighting.article_id == article_id)) or 0


async def test_without_consent_only_a_count_is_kept_and_logged_once(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        for number in range(3):
            decision = decision_of(article_id, f"d{number}")
            await session.run_sync(lambda s, d=decision: record_decision(s.connection(), d, is_variant=True))
        await session.run_sync(
            lambda s: record_decision(s.connection(), decision_of(article_id, "d0"), is_variant=True)
        )
        assert await seen(session, article_id) == 3
        (row,) = await load_variant_log(session, article_id)
        assert (row.action, row.key_hash, row.actor) == (VariantAction.ATTACHED, "keyed", "matcher:e5@1")
        assert await texts(session, article_id) == [TEXT]


async def test_not_mine_and_unsent_are_counted_no_more(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)
        for decision_id in ("d1", "d2"):
            decision = decision_of(article_id, decision_id)
            await session.run_sync(lambda s, d=decision: record_decision(s.connection(), d, is_variant=True))
        for _ in range(2):  # pressed twice
            await session.run_sync(lambda s: record_choice(s.connection(), "d1", "asker", Choice.NONE))
        session.expire_all()
        assert await seen(session, article_id) == 1
        for decision_id in ("d1", "d2"):
            assert await take_back_message(session, decision_id=decision_id, asker_id="asker")
        session.expire_all()
        assert await session.scalar(select(func.count()).select_from(VariantSighting)) == 0


async def test_a_detached_hash_is_not_counted_until_it_is_attached_again(database: Database) -> None:
    async with database.transaction() as session:
        article_id = await send(session)

        async def see(decision_id: str) -> int:
            decision = decision_of(article_id, decision_id)
            await session.run_sync(lambda s: record_decision(s.connection(), decision, is_variant=True))
            session.expire_all()
            return await seen(session, article_id)

        assert await see("d1") == 1
        assert await set_sighting(session, article_id, "keyed", attached=False, because=EDITOR) is True
        await session.flush()
        assert await see("d2") == 1
        assert await set_sighting(session, article_id, "keyed", attached=True, because=EDITOR) is True
        assert await set_sighting(session, article_id, "keyed", attached=True, because=EDITOR) is False
        await session.flush()
        assert await see("d3") == 2
        with pytest.raises(UnknownVariantError):
            await set_sighting(session, article_id, "other", attached=False, because=EDITOR)
