"""The shortest way from the queue to an answer that needs one's word."""

from moderation.intake import request_reply
from storage.tables import ArticleReply, ReplyState, Status
from tests.moderation.console.desk import Desk, Volunteer


async def follow(who: Volunteer, path: str) -> str:
    """Where an address leads to."""
    found = await who.get(path, allow_redirects=False)
    assert found.status == 303
    return found.headers["Location"]


async def test_it_leads_from_the_queue_past_the_task_to_the_answer(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("lemon water cures cancer")
    answer = await desk.add_answer(task_id, "somebody")

    assert f"/review/tasks/{task_id}/rate" in await volunteer.text("/review/?work=rate")
    assert await follow(volunteer, f"/review/tasks/{task_id}/rate") == answer


async def test_it_leads_to_the_answer_of_others_that_one_has_not_rated(
    desk: Desk, volunteer: Volunteer, second_volunteer: Volunteer
) -> None:
    task_id = await desk.add_task("lemon water cures cancer")
    await desk.add_answer(task_id, volunteer.editor.id)
    rated, left = await desk.add_answer(task_id, "somebody"), await desk.add_answer(task_id, "else")
    await volunteer.post(f"{rated}/rating", level="helpful")

    assert await follow(volunteer, f"/review/tasks/{task_id}/rate") == left
    await volunteer.post(f"{left}/rating", level="helpful")
    assert await follow(volunteer, f"/review/tasks/{task_id}/rate") == f"/review/tasks/{task_id}"


async def test_it_leads_to_no_answer_that_is_hidden_or_withdrawn(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("lemon water cures cancer")
    await desk.add_answer(task_id, "somebody", ReplyState.WITHDRAWN)
    hidden = await desk.add_answer(task_id, "somebody")
    async with desk.database.transaction() as session:
        link = await session.get_one(ArticleReply, tuple(hidden.split("/")[-2:]))
        link.status = Status.BLOCKED

    assert await follow(volunteer, f"/review/tasks/{task_id}/rate") == f"/review/tasks/{task_id}"


async def test_it_leads_from_one_rating_to_the_next_and_at_last_to_the_list(desk: Desk, volunteer: Volunteer) -> None:
    first = await desk.add_answer(await desk.add_task("lemon water cures cancer", askers=9), "somebody")
    second = await desk.add_answer(await desk.add_task("onions draw out the flu"), "somebody")

    assert await follow(volunteer, "/review/next") == first
    assert 'id="rated"' not in await volunteer.text(first)
    await volunteer.post(f"{first}/rating", level="helpful")
    assert 'href="/review/next"' in (await volunteer.text(first)).split('id="rated"')[1]
    assert await follow(volunteer, "/review/next") == second
    await volunteer.post(f"{second}/rating", level="not_helpful")
    assert await follow(volunteer, "/review/next") == "/review/?work=rate"


async def test_it_says_once_what_many_askers_said(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("lemon water cures cancer")
    article_id = (await desk.task(task_id)).article_id
    async with desk.database.transaction() as session:
        for number in range(3):
            await request_reply(session, article_id=article_id, asker_id=f"more{number}", reason="My mother sent it")

    page = await volunteer.text(f"/review/tasks/{task_id}")
    assert page.count("My mother sent it") == 1
    assert "× 3" in page
