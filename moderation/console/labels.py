"""What people read for stored values: roles, states, types, verdicts."""

from moderation.console.wording import marked
from moderation.filters import Work
from storage.tables import ArticleType, ReplyState, Role, TaskState, Verdict

ROLES = {
    Role.NEWCOMER: marked("newcomer"),
    Role.REVIEWER: marked("reviewer"),
    Role.TRUSTED: marked("trusted reviewer"),
    Role.MODERATOR: marked("moderator"),
    Role.ADMINISTRATOR: marked("administrator"),
}

TASK_STATES = {
    TaskState.OPEN: marked("open"),
    TaskState.CLAIMED: marked("being worked on"),
    TaskState.SUBMITTED: marked("answered, to be rated"),
    TaskState.PROVISIONAL: marked("first check passed"),
    TaskState.VERIFIED: marked("verified"),
    TaskState.REJECTED: marked("all answers rejected"),
}

WORKS = {
    Work.ANY: marked("Everything to be done"),
    Work.WRITE: marked("To be answered"),
    Work.RATE: marked("To be rated"),
    Work.MINE: marked("Mine"),
    Work.DONE: marked("Done"),
}

REPLY_STATES = {
    ReplyState.PROPOSED: marked("proposed"),
    ReplyState.PROVISIONAL: marked("first check passed"),
    ReplyState.VERIFIED: marked("verified"),
    ReplyState.IMPORTED: marked("imported"),
    ReplyState.WITHDRAWN: marked("withdrawn"),
    ReplyState.REJECTED: marked("rejected"),
}

ARTICLE_TYPES = {
    ArticleType.TEXT: marked("text"),
    ArticleType.IMAGE: marked("picture"),
    ArticleType.VIDEO: marked("video"),
    ArticleType.AUDIO: marked("sound"),
}

VERDICTS = {
    Verdict.RUMOR: marked("Contains false information"),
    Verdict.NOT_RUMOR: marked("Contains true information"),
    Verdict.OPINIONATED: marked("Contains personal opinion"),
    Verdict.NOT_ARTICLE: marked("Not to be fact-checked"),
}


def role_label(role: Role) -> str:
    return ROLES[role]
