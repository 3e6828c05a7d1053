"""How well the verification rule tells good answers from one-sided and bad ones, under camps, noise and sock puppets.

    python -m scripts.bench.verification [--sizes 10 30 100 400] [--attacks none promote …] [--runs 1.0]

Simulates communities over six rounds of four days: answers come in, five to twelve people rate each, the rule
decides with what the last refit knew, the refit runs, the rule looks again at all that is not locked. People are of two
camps (60 : 40). An answer is good (both camps find it helpful), one-sided (one camp does) or bad; one rating in ten is
an accident. A ring of sock puppets, at least three and 15 % of the community, either pushes bad and one-sided answers
or keeps good ones down; a disguised ring spends half of its ratings on looking like honest people. Nobody's camp, and
no truth, is told to the rule; it starts with a few trusted people.

The other rules see all ratings at once, at the end: a majority of three, 80 % of five, and the intercept rules of the
same model. Ours is shown as what it verified, what it showed at all (provisional or verified), and what of the
verified the model agrees with too (i_n ≥ .30 and |f_n| < .5). A cell is: good passed / precision / one-sided wrongly
passed / bad wrongly passed, in percent.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np

from moderation.cases import Said, choose_counted
from moderation.rater_model import Fit, fit_model
from moderation.refit import Answer, Given, Snapshot, Standings, compute, to_ratings
from moderation.thresholds import DEFAULT
from moderation.trust import Record, choose_level
from moderation.verification import Case, decide
from storage.tables import RaterStanding, ReplyState, Role, VerificationOutcome
from storage.verification import FINAL, FinalOutcome

ROUNDS = 6
ROUND = timedelta(days=4)
RATERS_PER_ANSWER = (5, 12)
CAMP = 0.6
NOISE = 0.1
START = datetime(2025, 1, 1, tzinfo=UTC)
STATES = {
    VerificationOutcome.HELD: ReplyState.PROPOSED,
    VerificationOutcome.PROVISIONAL: ReplyState.PROVISIONAL,
    VerificationOutcome.VERIFIED: ReplyState.VERIFIED,
    VerificationOutcome.REJECTED: ReplyState.REJECTED,
}
RUNS = {10: 4, 30: 2}
"""How many communities of a size are averaged; larger ones vary little."""


class Kind(StrEnum):
    GOOD = "good"
    ONE_SIDED = "one-sided"
    BAD = "bad"


class Attack(StrEnum):
    NONE = "none"
    PROMOTE = "promote"
    SUPPRESS = "suppress"
    PROMOTE_DISGUISED = "promote-disguised"
    SUPPRESS_DISGUISED = "suppress-disguised"


@dataclass
class Community:
    """One simulated community, as it grows."""

    size: int
    attack: Attack
    random: np.random.Generator
    kinds: dict[Answer, Kind] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    by_answer: dict[Answer, list[Given]] = field(default_factory=dict)
    states: dict[Answer, ReplyState] = field(default_factory=dict)
    finals: dict[Answer, FinalOutcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.honest = [f"person{number}" for number in range(self.size)]
        self.sides = np.where(np.arange(self.size) < CAMP * self.size, 1, -1)
        ring = 0 if self.attack == Attack.NONE else max(3, round(0.15 * self.size))
        self.ring = [f"puppet{number}" for number in range(ring)]
        founders = self.random.choice(self.size, max(3, self.size // 30), replace=False)
        self.granted: dict[str, Role | None] = {self.honest[index]: Role.TRUSTED for index in founders}

    def live_a_round(self, number: int) -> list[Answer]:
        """New answers come in and are rated; returns them."""
        moment = START + number * ROUND
        answers = [(f"{number}-{index}", "r") for index in range(int(np.clip(self.size / 2, 30, 1_000)))]
        for answer in answers:
            kind = Kind(self.random.choice(list(Kind), p=[0.6, 0.25, 0.15]))
            leaning = 1 if self.random.random() < CAMP else -1
            self.kinds[answer], self.states[answer] = kind, ReplyState.PROPOSED
            number_of_raters = min(int(self.random.integers(*RATERS_PER_ANSWER, endpoint=True)), self.size - 1)
            for rater in self.random.choice(self.size, number_of_raters, replace=False):
                score = self._score(kind, leaning == self.sides[rater])
                self._say(answer, self.honest[rater], score, moment)
        self._attack(answers, moment)
        return answers

    def _attack(self, answers: Sequence[Answer], moment: datetime) -> None:
        if not self.ring:
            return
        promotes = self.attack in {Attack.PROMOTE, Attack.PROMOTE_DISGUISED}
        fitting = [answer for answer in answers if (self.kinds[answer] == Kind.GOOD) != promotes]
        targets = fitting[: max(2, len(fitting) // 5)]
        for puppet in self.ring:
            for answer in targets:
                self._say(answer, puppet, float(promotes), moment)
            disguise = len(targets) if self.attack.endswith("disguised") else len(targets) // 5
            others = [answer for answer in answers if answer not in targets]
            for index in self.random.choice(len(others), min(disguise, len(others)), replace=False):
                self._say(others[index], puppet, self._score(self.kinds[others[index]], True), moment)

    def _score(self, kind: Kind, own_camp: bool) -> float:
        liked = {Kind.GOOD: 1 - NOISE, Kind.BAD: NOISE, Kind.ONE_SIDED: 1 - NOISE if own_camp else 0.15}[kind]
        if self.random.random() < liked:
            return 1.0
        return 0.5 if self.random.random() < 0.3 else 0.0

    def _say(self, answer: Answer, rater: str, score: float, moment: datetime) -> None:
        each = Given(answer, rater, score, moment)
        self.given.append(each)
        self.by_answer.setdefault(answer, []).append(each)


def run_rule(community: Community) -> Standings:
    """Let the community live, and the rule decide as `review` and the nightly refit would; returns the last refit."""
    standings = Standings({}, {}, {}, {}, {}, None)
    ratio: float | None = None
    for number in range(ROUNDS):
        community.live_a_round(number)
        night = START + number * ROUND + timedelta(hours=12)
        _decide_open(community, standings, night)
        finals = dict(community.finals)
        snapshot = Snapshot(community.given, finals, granted=community.granted, ratings_per_reply=ratio)
        standings = compute(snapshot)
        ratio = standings.fit.ratings_per_reply if standings.fit else None
        _decide_open(community, standings, night)
    return standings


def _decide_open(community: Community, standings: Standings, night: datetime) -> None:
    people = {
        rater: RaterStanding(
            rater=rater,
            level=choose_level(standings.records.get(rater, Record()), community.granted.get(rater)),
            factor=standings.raters.get(rater, (0.0, None))[1],
            counted_as=standings.counted_as.get(rater),
        )
        for rater in (*community.honest, *community.ring)
    }
    totals: dict[str, int] = {}
    for each in community.given:
        totals[each.rater] = totals.get(each.rater, 0) + 1
    for answer, said in community.by_answer.items():
        final = community.finals.get(answer)
        if final is not None and night >= final.since + DEFAULT.lock_after:
            continue
        heard = [Said(each.rater, each.score, totals[each.rater], people[each.rater]) for each in said]
        voices = tuple(each.to_voice() for each in choose_counted(heard, ()))
        intercept, factor = standings.answers.get(answer, (None, None))
        outcome = decide(Case(voices, community.states[answer], intercept, factor)).outcome
        community.states[answer] = STATES[outcome]
        if outcome not in FINAL:
            community.finals.pop(answer, None)
        elif final is None or final.outcome != outcome:
            community.finals[answer] = FinalOutcome(outcome, night)


def judge_by_others(community: Community) -> Iterator[tuple[str, set[Answer]]]:
    """What the simpler rules pass, with all ratings before them."""
    scores = {answer: [each.score for each in said] for answer, said in community.by_answer.items()}
    yield "majority of 3", {answer for answer, all_ in scores.items() if len(all_) >= 3 and np.mean(all_) > 0.5}
    yield "80 % of 5", {answer for answer, all_ in scores.items() if len(all_) >= 5 and np.mean(all_) >= 0.8}
    fit, answers = _fit_all(community)
    strict = fit.reply_intercepts >= 0.40
    wide = (fit.reply_intercepts >= 0.30) & (np.abs(fit.reply_factors) < 0.5)
    for name, passed in (("i ≥ .40", strict), ("i ≥ .30, f within .5", wide)):
        yield name, {answer for answer, passes in zip(answers, passed, strict=True) if passes}


def _fit_all(community: Community) -> tuple[Fit, list[Answer]]:
    ratings, _, answers = to_ratings(community.given)
    return fit_model(ratings), answers


def judge(community: Community, standings: Standings) -> dict[str, set[Answer]]:
    """By rule, the answers it lets pass."""
    passed = dict(judge_by_others(community))
    passed["ours: verified"] = _in_state(community, {ReplyState.VERIFIED})
    passed["ours: shown"] = _in_state(community, {ReplyState.VERIFIED, ReplyState.PROVISIONAL})
    passed["ours, asking the model"] = {
        answer
        for answer in passed["ours: verified"] & standings.answers.keys()
        if standings.answers[answer][0] >= DEFAULT.min_intercept
        and abs(standings.answers[answer][1]) < DEFAULT.max_factor
    }
    return passed


def _in_state(community: Community, states: set[ReplyState]) -> set[Answer]:
    return {answer for answer, state in community.states.items() if state in states}


@dataclass
class Tally:
    """Counts of answers, and of those passed, by kind."""

    answers: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    passed: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))

    def add(self, kinds: Mapping[Answer, Kind], passed: set[Answer]) -> None:
        for answer, kind in kinds.items():
            self.answers[kind] += 1
            self.passed[kind] += answer in passed

    def to_cell(self) -> str:
        all_passed = sum(self.passed.values())
        precision = f"{100 * self.passed[Kind.GOOD] / all_passed:.0f}" if all_passed else "–"
        good, one_sided, bad = (f"{100 * self.passed[kind] / max(self.answers[kind], 1):.0f}" for kind in Kind)
        return f"{good} / {precision} / {one_sided} / {bad}"


def bench(size: int, attack: Attack, runs: int) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for run in range(runs):
        seed = [size, list(Attack).index(attack), run]
        community = Community(size, attack, np.random.default_rng(seed))
        standings = run_rule(community)
        for name, passed in judge(community, standings).items():
            tallies.setdefault(name, Tally()).add(community.kinds, passed)
    return tallies


def time_refit(raters: int = 2_000, answers: int = 16_000, each: int = 80) -> tuple[int, float, float]:
    """A refit of 160,000 ratings: their number, the seconds of processor time of all of it, and of the model alone."""
    random = np.random.default_rng(0)
    sides = np.where(np.arange(raters) < CAMP * raters, 1, -1)
    leanings = random.choice([0, 1, -1], answers, p=[0.7, 0.18, 0.12])
    given = [
        Given(
            (f"a{answer}", "r"),
            f"u{rater}",
            float(random.random() < (0.9 if leans in (0, sides[rater]) else 0.15)),
            START,
        )
        for rater in range(raters)
        for answer in random.choice(answers, each, replace=False)
        for leans in (leanings[answer],)
    ]
    started = time.process_time()
    compute(Snapshot(given))
    whole = time.process_time() - started
    ratings = to_ratings(given)[0]
    started = time.process_time()
    fit_model(ratings)
    return len(given), whole, time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 30, 100, 400])
    parser.add_argument("--attacks", type=Attack, nargs="+", default=list(Attack), choices=list(Attack))
    parser.add_argument("--runs", type=float, default=1.0, help="how many times as many communities of each size")
    options = parser.parse_args()
    for size in options.sizes:
        for attack in options.attacks:
            tallies = bench(size, attack, max(1, round(options.runs * RUNS.get(size, 1))))
            if (size, attack) == (options.sizes[0], options.attacks[0]):
                print(f"| people | attack | {' | '.join(tallies)} |\n|{'---|' * (len(tallies) + 2)}")
            print(f"| {size} | {attack} | {' | '.join(tally.to_cell() for tally in tallies.values())} |", flush=True)
    number, whole, model = time_refit()
    print(
        f"\nrefit of {number:,} ratings: {whole:.1f} s of processor time, the model alone {model:.1f} s",
    )


if __name__ == "__main__":
    main()
