"""Who may do what, held against the table that the README shows."""

from pathlib import Path

import pytest

from moderation.console.access import requires
from moderation.console.app import PAGES
from moderation.console.permissions import PERMISSIONS, SENSITIVE, Permission, draw, may
from storage.tables import Role
from tests.moderation.console.conftest import SignIn
from tests.moderation.console.desk import Desk

README = Path(__file__).resolve().parents[3] / "moderation" / "README.md"

CAST: dict[str, Role | None] = {
    "asker": None,
    "outsider": None,
    "newcomer": Role.NEWCOMER,
    "volunteer": Role.REVIEWER,
    "second_volunteer": Role.TRUSTED,
    "moderator": Role.MODERATOR,
    "administrator": Role.ADMINISTRATOR,
}
EVERYONE = frozenset(CAST) - {"asker", "outsider"}
FROM_VOLUNTEER = EVERYONE - {"newcomer"}
MODERATING = frozenset({"moderator", "administrator"})

EXPECTED = {
    Permission.READ: EVERYONE,
    Permission.CLAIM: EVERYONE,
    Permission.WRITE: EVERYONE,
    Permission.RATE: EVERYONE,
    Permission.REPORT: EVERYONE,
    Permission.CATEGORISE: FROM_VOLUNTEER,
    Permission.CORRECT_OWN: FROM_VOLUNTEER,
    Permission.CORRECT_ANY: FROM_VOLUNTEER - {"volunteer"},
    Permission.EDIT_VARIANTS: FROM_VOLUNTEER - {"volunteer"},
    Permission.WITHDRAW_ANY: MODERATING,
    Permission.RELEASE_ANY: MODERATING,
    Permission.REOPEN: MODERATING,
    Permission.SEE_CASES: MODERATING,
    Permission.DECIDE: MODERATING,
    Permission.HIDE: MODERATING,
    Permission.BLOCK: MODERATING,
    Permission.UNDO: MODERATING,
    Permission.SEE_AUDIT: {"administrator"},
    Permission.MANAGE_EDITORS: {"administrator"},
}

ACTS = {
    Permission.CLAIM: "/review/tasks/none/claim",
    Permission.HIDE: "/review/measures/hide",
    Permission.BLOCK: "/review/measures/block",
    Permission.UNDO: "/review/measures/1/undo",
    Permission.DECIDE: "/review/cases/none",
    Permission.REOPEN: "/review/tasks/none/reopen",
    Permission.MANAGE_EDITORS: "/review/editors",
}


@pytest.mark.parametrize("permission", list(Permission))
def test_each_role_may_what_is_expected(permission: Permission) -> None:
    assert {name for name, role in CAST.items() if may(role, permission)} == EXPECTED[permission]


def test_every_permission_has_its_roles() -> None:
    assert PERMISSIONS.keys() == set(Permission)
    assert set(SENSITIVE) < set(Permission)


def test_the_readme_shows_the_table() -> None:
    assert draw() in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("role", [Role.NEWCOMER, Role.REVIEWER, Role.TRUSTED, Role.MODERATOR])
async def test_the_pages_refuse_what_the_table_does_not_allow(desk: Desk, sign_in: SignIn, role: Role) -> None:
    person = await sign_in(role)
    for permission, path in ACTS.items():
        refused = (await person.post(path)).status == 403
        assert refused is not may(role, permission), (role, path)


async def test_nobody_does_anything_signed_out(desk: Desk) -> None:
    async with desk.browser() as outsider:
        for path in ACTS.values():
            assert (await outsider.post(desk.base + path, data={})).status in {401, 403}


def test_every_page_that_changes_something_asks_who_it_is() -> None:
    """A handler that is neither guarded by a permission nor one of those that everybody may use."""
    open_to_all = {
        "send_link", "follow_link", "send", "sign_out", "change", "end_session",
        "begin", "finish_adding", "finish_showing", "remove", "sign_in_anew",
    }  # fmt: skip
    assert requires(Permission.READ)
    for page in PAGES:
        for route in page.routes:
            handler = route.handler  # type: ignore[attr-defined]
            if route.method == "POST" and handler.__name__ not in open_to_all:  # type: ignore[attr-defined]
                assert hasattr(handler, "__wrapped__"), handler
