"""Who gets in: by a mailed link, by LINE, and by nothing else; and how a session ends."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web

from moderation.console.context import LineLoginSettings
from moderation.console.limits import MAIL
from moderation.console.sessions import LASTS, LINK_LASTS
from scripts.simulator.line import serve_app
from scripts.simulator.login import LoginChannel
from scripts.simulator.world import User
from storage.database import Database
from storage.tables import Editor, EditorSession, Role
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import CSRF, Desk, Volunteer, open_desk

LINK = re.compile(r"token=([\w-]+)")


async def ask_for_link(desk: Desk, email: str) -> int:
    async with desk.browser() as browser:
        page = await (await browser.get(f"{desk.base}/review/sign-in")).text()
        token = CSRF.search(page)
        assert token
        answer = await browser.post(f"{desk.base}/review/sign-in", data={"csrf": token.group(1), "email": email})
        return answer.status


async def follow(desk: Desk, token: str) -> tuple[int, str]:
    async with desk.browser() as browser:
        page = await (await browser.get(f"{desk.base}/review/sign-in/link?token={token}")).text()
        csrf = CSRF.search(page)
        assert csrf
        fields = {"csrf": csrf.group(1), "token": token, "next": "/review/"}
        answer = await browser.post(f"{desk.base}/review/sign-in/link", data=fields)
        return answer.status, await answer.text()


async def test_it_signs_in_by_a_mailed_link_once(desk: Desk) -> None:
    assert await ask_for_link(desk, "New@Example.org") == 200
    ((to, subject, text),) = desk.mail.sent
    assert to == "new@example.org"
    assert subject
    found = LINK.search(text)
    assert found
    status, page = await follow(desk, found.group(1))
    assert (status, "Queue" in page) == (200, True)
    assert (await follow(desk, found.group(1)))[0] == 410, "a link works once"


async def test_a_link_is_dead_after_half_an_hour(desk: Desk) -> None:
    await ask_for_link(desk, "new@example.org")
    found = LINK.search(desk.mail.sent[0][2])
    assert found
    desk.clock.ahead = LINK_LASTS + timedelta(seconds=1)
    assert (await follow(desk, found.group(1)))[0] == 410


async def test_it_says_when_mail_cannot_be_sent(desk: Desk, sqlite_database: Database) -> None:
    desk.mail.broken = True
    assert await ask_for_link(desk, "new@example.org") == 502
    async with open_desk(sqlite_database, mailer=None) as without, without.browser() as browser:
        page = await (await browser.get(f"{without.base}/review/sign-in")).text()
    assert "SMTP_URL" in page
    assert 'name="email"' not in page


async def test_it_mails_nobody_again_and_again(desk: Desk) -> None:
    statuses = [await ask_for_link(desk, "new@example.org") for _ in range(MAIL.number + 1)]
    assert statuses == [200] * MAIL.number + [429]


async def test_a_closed_house_answers_as_an_open_one_and_mails_nobody(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, open_to_all=False) as desk:
        assert await ask_for_link(desk, "stranger@example.org") == 200
        assert desk.mail.sent == []


async def test_a_page_leads_to_the_sign_in_and_back(desk: Desk) -> None:
    async with desk.browser() as browser:
        answer = await browser.get(f"{desk.base}/review/watch", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/review/sign-in?next=/review/watch")
        page = await (await browser.get(f"{desk.base}/review/sign-in?next=//evil.example/")).text()
        assert "evil" not in page


async def test_what_was_typed_is_shown_when_the_session_has_ended_meanwhile(desk: Desk, volunteer: Volunteer) -> None:
    csrf = await volunteer.csrf()
    async with desk.database.transaction() as session:
        for found in await session.scalars(EditorSession.__table__.select().with_only_columns(EditorSession.id)):
            await session.delete(await session.get_one(EditorSession, found))
    typed = "a long text that took me half an hour"
    answer = await volunteer.browser.post(f"{desk.base}/review/account", data={"csrf": csrf, "name": typed})
    page = await answer.text()
    assert answer.status == 401
    assert "session has ended meanwhile" in page
    assert typed in page


async def test_a_session_ends_after_a_fortnight_unused(desk: Desk, volunteer: Volunteer) -> None:
    desk.clock.ahead = LASTS - timedelta(hours=1)
    assert (await volunteer.get("/review/", allow_redirects=False)).status == 200
    desk.clock.ahead += timedelta(days=2)
    assert (await volunteer.get("/review/", allow_redirects=False)).status == 200, "use renews it"
    desk.clock.ahead += LASTS + timedelta(hours=1)
    assert (await volunteer.get("/review/", allow_redirects=False)).status == 303


async def test_other_sessions_can_be_listed_and_ended(desk: Desk, volunteer: Volunteer) -> None:
    _, token = volunteer.editor, None
    async with desk.browser("Mozilla/5.0 (Linux; Android 16) Chrome/140.0"):
        pass
    async with desk.database.transaction() as session:
        from moderation.console.sessions import Place, begin_session
        from storage.tables import utc_now

        token = await begin_session(session, volunteer.editor.id, Place("Chrome · Android", "n"), utc_now())
    assert "Chrome · Android" in await volunteer.text("/review/account")
    await volunteer.post("/review/account/sessions")
    page = await volunteer.text("/review/account")
    assert ("Chrome · Android" in page, "Firefox · Linux" in page) == (False, True)
    assert token


async def test_a_stolen_cookie_used_elsewhere_is_asked_for_more(desk: Desk, volunteer: Volunteer) -> None:
    cookies = {c.key: c.value for c in volunteer.browser.cookie_jar}
    async with desk.browser("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0") as thief:
        answer = await thief.get(f"{desk.base}/review/", cookies=cookies, allow_redirects=False)
        assert answer.headers["Location"].startswith("/review/confirm")


async def test_a_burst_of_acts_is_asked_for_more(desk: Desk, volunteer: Volunteer) -> None:
    task_id = await desk.add_task("a message")
    csrf = await volunteer.csrf()
    answers = []
    for _ in range(45):
        url = f"{desk.base}/review/tasks/{task_id}/claim"
        answer = await volunteer.browser.post(url, data={"csrf": csrf}, allow_redirects=False)
        answers.append(answer.headers["Location"])
    assert answers[0].startswith(f"/review/tasks/{task_id}")
    assert answers[-1].startswith("/review/confirm")


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_it_does_nothing_without_the_forms_token(desk: Desk, volunteer: Volunteer, token: str) -> None:
    task_id = await desk.add_task("a message")
    url = f"{desk.base}/review/tasks/{task_id}/claim"
    answer = await volunteer.browser.post(url, data={"csrf": token}, allow_redirects=False)
    assert answer.status == 403
    assert (await desk.task(task_id)).claimed_by is None


async def test_it_does_nothing_another_site_asks_for(desk: Desk, volunteer: Volunteer) -> None:
    task_id, csrf = await desk.add_task("a message"), await volunteer.csrf()
    url, headers = f"{desk.base}/review/tasks/{task_id}/claim", {"Sec-Fetch-Site": "cross-site"}
    answer = await volunteer.browser.post(url, data={"csrf": csrf}, headers=headers, allow_redirects=False)
    assert answer.status == 403


async def test_cookies_and_headers_are_strict(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, public_url="https://bot.example.org") as desk, desk.browser() as browser:
        answer = await browser.get(f"{desk.base}/review/sign-in")
        cookie = answer.headers["Set-Cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/review/"))
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["Strict-Transport-Security"]
        page = await answer.text()
        assert " style=" not in page
        assert " onclick=" not in page


async def test_it_signs_in_with_line_and_knows_the_person_again(sqlite_database: Database) -> None:
    person = User("美玲")
    channel = LoginChannel("2000000001", "secret", lambda: [person], lambda: 1_000_000.0)
    app = web.Application()
    channel.add_routes(app)
    async with serve_app(app) as line:
        login = LineLoginSettings(channel_id="2000000001", channel_secret="secret", authorize_url=line, api_url=line)
        async with open_desk(sqlite_database, line_login=login) as desk:
            for _ in range(2):
                async with desk.browser() as browser:
                    sent = await browser.get(f"{desk.base}/review/sign-in/line", allow_redirects=False)
                    query = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
                    assert query["code_challenge_method"] == "S256"
                    back = channel.grant(person, query).replace("http://localhost", desk.base)
                    forged = back.replace(f"state={query['state']}", "state=other")
                    assert (await browser.get(forged)).status == 403
                    answer = await browser.get(back)
                    assert (answer.status, "Queue" in await answer.text()) == (200, True)
                    assert (await browser.get(back)).status in {403, 200}
            async with desk.database.reading() as session:
                (editor,) = await session.scalars(Editor.__table__.select().with_only_columns(Editor.line_subject))
                assert person.user_id not in str(editor)


async def test_it_refuses_an_id_token_for_another_nonce(sqlite_database: Database) -> None:
    person = User("美玲")
    channel = LoginChannel("2000000001", "secret", lambda: [person], lambda: 1_000_000.0)
    app = web.Application()
    channel.add_routes(app)
    async with serve_app(app) as line:
        login = LineLoginSettings(channel_id="2000000001", channel_secret="secret", authorize_url=line, api_url=line)
        async with open_desk(sqlite_database, line_login=login) as desk, desk.browser() as browser:
            sent = await browser.get(f"{desk.base}/review/sign-in/line", allow_redirects=False)
            query = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
            back = channel.grant(person, {**query, "nonce": "another"}).replace("http://localhost", desk.base)
            assert (await browser.get(back)).status == 403


async def test_administrators_need_a_passkey_before_anything_else(sign_in: SignIn) -> None:
    administrator = await sign_in(Role.ADMINISTRATOR)
    answer = await administrator.get("/review/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/review/account")
    assert "Administrators need a passkey" in await administrator.text("/review/account")
