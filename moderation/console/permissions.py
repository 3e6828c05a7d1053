"""Who may do what in the console: one table, drawn in moderation's README and held against it by a test.

Whether a task is in a state in which it can be claimed, say, is `moderation.task_states`' business; whether somebody
may rate *this* answer is `moderation.rating`'s. Here stands only what a role is for.
"""

from enum import StrEnum

from storage.tables import Role


class Permission(StrEnum):
    """Something one may do."""

    READ = "read the queue"
    CLAIM = "claim, hand over, set aside"
    WRITE = "write answers"
    RATE = "rate answers"
    REPORT = "report abuse, appeal"
    CATEGORISE = "set categories"
    CORRECT_OWN = "correct or withdraw one's own published answer"
    CORRECT_ANY = "correct anybody's published answer"
    EDIT_VARIANTS = "merge, split, detach; mend recognised text"
    WITHDRAW_ANY = "withdraw anybody's answer"
    RELEASE_ANY = "release or hand over others' tasks"
    REOPEN = "re-open a task"
    SEE_CASES = "see reports and appeals"
    DECIDE = "decide on reports and appeals"
    HIDE = "hide messages and answers"
    BLOCK = "block accounts"
    UNDO = "undo a measure"
    SEE_AUDIT = "see the audit log"
    MANAGE_EDITORS = "invite people, give roles"


ALL = frozenset(Role)
FROM_REVIEWER = ALL - {Role.NEWCOMER}
FROM_TRUSTED = FROM_REVIEWER - {Role.REVIEWER}
MODERATORS = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

PERMISSIONS: dict[Permission, frozenset[Role]] = {
    Permission.READ: ALL,
    Permission.CLAIM: ALL,
    Permission.WRITE: ALL,
    Permission.RATE: ALL,
    Permission.REPORT: ALL,
    Permission.CATEGORISE: FROM_REVIEWER,
    Permission.CORRECT_OWN: FROM_REVIEWER,
    Permission.CORRECT_ANY: FROM_TRUSTED,
    Permission.EDIT_VARIANTS: FROM_TRUSTED,
    Permission.WITHDRAW_ANY: MODERATORS,
    Permission.RELEASE_ANY: MODERATORS,
    Permission.REOPEN: MODERATORS,
    Permission.SEE_CASES: MODERATORS,
    Permission.DECIDE: MODERATORS,
    Permission.HIDE: MODERATORS,
    Permission.BLOCK: MODERATORS,
    Permission.UNDO: MODERATORS,
    Permission.SEE_AUDIT: ADMINISTRATORS,
    Permission.MANAGE_EDITORS: ADMINISTRATORS,
}

SENSITIVE = frozenset(
    {
        Permission.WITHDRAW_ANY,
        Permission.DECIDE,
        Permission.HIDE,
        Permission.BLOCK,
        Permission.UNDO,
        Permission.MANAGE_EDITORS,
    }
)
"""What asks for the passkey again when it was last shown a while ago."""


def may(role: Role | None, permission: Permission) -> bool:
    """Whether somebody of this role may do it; None: signed out, or an asker, who may do nothing here."""
    return role in PERMISSIONS[permission]


def draw() -> str:
    """The table as it stands in the README."""
    roles = list(Role)
    lines = ["| may | " + " | ".join(roles) + " |", "|---" * (len(roles) + 1) + "|"]
    for permission, allowed in PERMISSIONS.items():
        mark = " (passkey again)" if permission in SENSITIVE else ""
        cells = " | ".join("✓" if role in allowed else "–" for role in roles)
        lines.append(f"| {permission}{mark} | {cells} |")
    return "\n".join(lines)
