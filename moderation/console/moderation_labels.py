"""What people read for rules, measures, decisions, and what they are about."""

from moderation.abuse.reports import Decision
from moderation.console.wording import marked
from storage.tables import CaseKind, CaseState, MeasureKind, Rule, SubjectKind

RULES = {
    Rule.PERSONAL_DATA: marked("It exposes personal data"),
    Rule.HATE: marked("Hatred against a group"),
    Rule.HARASSMENT: marked("It insults or threatens somebody"),
    Rule.DANGEROUS: marked("Following it can harm people"),
    Rule.ADVERTISING: marked("Advertising or fraud"),
    Rule.COPYRIGHT: marked("Somebody else’s work, copied"),
    Rule.MANIPULATION: marked("Manipulation: ratings agreed upon, several accounts, knowingly false"),
    Rule.FLOODING: marked("Flooding"),
    Rule.OFF_TOPIC: marked("Nothing to be fact-checked"),
    Rule.LAW: marked("A court or an authority orders it"),
    Rule.OTHER: marked("Something else"),
}

MEASURES = {
    MeasureKind.HIDE_ARTICLE: marked("A message was hidden"),
    MeasureKind.HIDE_ANSWER: marked("An answer was hidden"),
    MeasureKind.HIDE_WORDING: marked("A wording of a message was hidden"),
    MeasureKind.HIDE_COMMENT: marked("A reader’s comment was hidden, and its vote no longer counts"),
    MeasureKind.BLOCK_EDITOR: marked("An account was blocked; its ratings no longer count"),
    MeasureKind.BLOCK_ASKER: marked("Somebody’s requests and votes no longer count"),
    MeasureKind.GRANT_APPEAL: marked("An answer is judged anew, after an appeal or because of a source"),
}

CASES = {CaseKind.ABUSE: marked("Report"), CaseKind.APPEAL: marked("Appeal"), CaseKind.SOURCE: marked("Source")}

CASE_STATES = {
    CaseState.OPEN: marked("waits for a decision"),
    CaseState.GRANTED: marked("granted"),
    CaseState.REFUSED: marked("refused"),
}

SUBJECTS = {
    SubjectKind.ARTICLE: marked("The message"),
    SubjectKind.ANSWER: marked("The answer"),
    SubjectKind.WORDING: marked("This wording of it"),
    SubjectKind.COMMENT: marked("What a reader wrote about the answer"),
    SubjectKind.RATING: marked("A volunteer’s rating of the answer"),
    SubjectKind.EDITOR: marked("Whoever wrote the answer"),
    SubjectKind.ASKER: marked("Somebody who asks"),
    SubjectKind.OTHER: marked("Something else"),
}

DECISIONS = {
    Decision.NOTHING: marked("Leave everything as it is"),
    Decision.KEEP: marked("Keep it with the task, for whoever answers"),
    Decision.HIDE: marked("Hide it"),
    Decision.BLOCK: marked("Block whoever did it"),
    Decision.REOPEN: marked("Judge the answer anew"),
    Decision.RESTORE: marked("Show again what was hidden"),
}
DECISIONS_ON_SOURCES = DECISIONS | {Decision.NOTHING: marked("It is of no use: take it off the task")}
"""Where nothing is done about a report, things stay as they are; a source was with the task from the start."""

MAIL_SUBJECT = marked("查明: a decision on what you wrote to us")
