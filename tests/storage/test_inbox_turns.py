"""Later events of a chat that are claimed beside the first, and finished with it."""

from storage.database import Database
from storage.inbox import Inbox
from storage.inbox_turns import JoinedRow
from tests.storage.test_inbox import LEASE, event, inbox, opened  # noqa: F401

SIX = [event(f"e{number}", "chat", number) for number in range(6)]


async def test_it_claims_what_follows_as_far_as_it_may_join(inbox: Inbox) -> None:  # noqa: F811
    (first,) = await inbox.store([*SIX, event("other", "another", 9)][:6])
    following = await inbox.claim_following(first, 4, lambda row: row.event_id != "e3")
    assert [(row.event_id, row.attempts) for row in following] == [("e1", 1), ("e2", 1)]
    assert await inbox.depth() == {"pending": 3, "claimed": 3, "failed": 0}
    assert await inbox.claim(10) == []


async def test_it_finishes_them_together_or_not_at_all(inbox: Inbox) -> None:  # noqa: F811
    (first,) = await inbox.store(SIX[:3])
    following = await inbox.claim_following(first, 4, lambda row: True)
    joined = [JoinedRow(row.id, "joined") for row in following]
    assert await inbox.finish(first.id, "burst", joined=joined)
    assert not await inbox.finish(first.id, "burst", joined=joined)
    assert await inbox.depth() == {"pending": 0, "claimed": 0, "failed": 0}
    assert await inbox.find_payload("e1") is None


async def test_a_turn_tried_again_is_made_of_what_it_was_made_of(database: Database) -> None:
    async with opened(database) as killed:
        (first,) = await killed.store(SIX[:2])
        await killed.claim_following(first, 4, lambda row: True)
        await killed.release_all()
        await killed.store(SIX[2:3])
        (again,) = await killed.claim(10)
        assert again.attempts == 2
        following = await killed.claim_following(again, 4, lambda row: True)
        assert [row.event_id for row in following] == ["e1"]
