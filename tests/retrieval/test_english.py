"""What makes two English claims different ones, what does not, and what English writes in many ways."""

import time

import pytest

from retrieval.claim import read_claim
from retrieval.contradiction import find_contradictions
from retrieval.details import WORDS
from retrieval.english import COMMON, find_capitals, spell_countries, spell_one_way
from retrieval.units import stem


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        (
            "BREAKING 🚨 the Pfizer shot killed 12,000 people in Japan #covid",
            "The Pfizer vaccine killed 1,200 people in Japan",
        ),
        ("The UK government will spend £5bn on windfarms", "The UK government will spend £15 billion on wind farms"),
        ("Half a million people marched in London", "Two million people marched in London"),
        ("Only three in ten Germans trust the government", "Only seven in ten Germans trust the government"),
        ("The Ghost of Kyiv shot down six Russian planes", "In a day the Ghost of Kyiv shot down ten Russian planes"),
        ("The moon landing happened in 1969 according to NASA", "The moon landing happened in 1972 according to NASA"),
        ("Schools in Ohio will be closed until April", "Schools in Ohio will be closed until June"),
        ("The eclipse will be seen on April 8 over Ohio", "The eclipse will be seen on the 4th of August over Ohio"),
        ("Sharks were seen on Tuesday in the river", "Sharks were seen on Friday in the river"),
        ("Petrol prices will rise on Monday in Ireland", "Petrol prices will fall on Monday in Ireland"),
        ("Unemployment dropped to 4 percent under Biden", "Unemployment jumped to 4 percent under Biden"),
        ("Drinking lemon water prevents kidney stones", "Drinking lemon water causes kidney stones"),
        ("The actor Jackie Chan is dead, his family said", "The actor Jackie Chan is alive, his family said"),
        ("Coffee after meals helps you digest iron", "Coffee before meals helps you digest iron"),
        ("Joe Biden won the vote as the dead voted in Ohio", "Joe Biden lost a vote in Ohio to a protest"),
        ("Abortion is now legal in Arizona", "Abortion is now illegal in Arizona"),
        ("Nigeria banned the import of used cars", "Nigeria allowed the import of used cars"),
        ("5G towers dont cause any harm to birds", "5G towers cause harm to birds"),
        ("It is not safe to charge your phone at the airport", "It is safe to charge your phone at the airport"),
        ("You must not take ibuprofen if you have covid", "You must take ibuprofen if you have covid"),
        ("Masks never lowered infections among nurses", "Masks lowered infections among nurses"),
        ("Don't eat peanuts before you go to bed", "Eat peanuts before you go to bed"),
        ("Taylor Swift endorsed Kamala Harris for president", "Taylor Swift endorsed Donald Trump for president"),
        ("RT @news: Tom Hanks arrested in Australia for fraud", "Brad Pitt arrested in Australia for fraud"),
        ("Elon Musk bought Manchester United last week!!", "Jeff Bezos bought Manchester United last week"),
        ("Russia shelled the power station, Kyiv says", "Ukraine shelled the power station, Kyiv says"),
        ("Onions kept overnight become toxic", "Potatoes kept overnight become toxic"),
        ("Apple sued Samsung over its new phone", "Samsung sued Apple over its new phone"),
        ("Turkey invaded Greece on Friday night", "Greece invaded Turkey on Friday night"),
    ],
)
def test_it_finds_what_an_english_claim_says_otherwise(message: str, entry: str) -> None:
    assert find_contradictions(message, entry)
    assert find_contradictions(entry, message)


@pytest.mark.parametrize(
    ("message", "entry"),
    [
        (
            "BREAKING!! Pfizer jab has killed twelve thousand in Japan 😱",
            "The Pfizer vaccine killed 12,000 people in Japan",
        ),
        ("The US is sending $2bn to Ukraine", "America sends two billion dollars to Ukraine"),
        ("Over 1.2 million people died of covid in the U.S.", "More than 1,200,000 Americans died of covid"),
        (
            "Gas prices went up 20 per cent since January",
            "Gas prices have risen by 20% since January, and nobody cares",
        ),
        ("Honey never goes bad. Scientists ate 3000 year old honey", "Honey does not spoil, even after 3,000 years"),
        ("The law passed in March, schools must close on 1 July", "Schools must close from July 1"),
        ("Gov raised tax on sugar from 5% to 8%", "Sugar tax raised to 8%"),
        ("People may march in May", "People may march in the spring"),
        ("Prez Trump signed the ban on Monday morning", "Donald Trump signed the ban"),
        ("Hanks was arrested in Sydney", "Tom Hanks was arrested in Australia"),
        ("Texas bans TikTok on state phones", "Gov. Abbott: Houston and all of Texas banned TikTok"),
        ("A shark swam down the street in Houston", "A shark swam down the street in Texas"),
        ("@who masks dont work!!! #nomasks", "Masks do not work"),
        ("Vaccines causes autism in kids", "Vaccine causes autism in children"),
        ("It is not safe to swim in the Seine", "It is dangerous to swim in the Seine"),
        ("Is it true Jackie Chan died?", "Jackie Chan is dead"),
        ("Is voting by post illegal in Texas?", "Voting by post is legal in Texas"),
        ("Does coffee cause cancer in women?", "Coffee prevents cancer in women"),
        ("NEVER drink cold water after a meal, it causes cancer", "Drinking cold water after meals causes cancer"),
        ("Not a joke: drinking hot water kills the virus", "Drinking hot water kills the virus"),
        ("I can't believe that Biden fell asleep at the ceremony", "Biden fell asleep at the ceremony"),
        ("Drinking water with meals stops digestion", "Drinking water with meals: digestion starts too late"),
        ("Apple met Samsung in court", "Samsung met Apple in court"),
        ("Apple sued Samsung, and Samsung sued Apple", "Samsung sued Apple"),
        ("Samsung was sued by Apple", "Apple sued Samsung"),
        ("wtf human meat found in a freezer of a McDonal", "wtf human meat found in a freezer of a McDonalds store"),
        ("The vaccine killed 12,000 people in Ja", "The vaccine killed 12,000 people in Japan"),
        ("Obama banned Iraqi refugees for six months", "Barack Obama banned refugees from Iraq for 6 months"),
    ],
)
def test_it_is_silent_where_an_english_claim_is_told_in_other_words(message: str, entry: str) -> None:
    assert find_contradictions(message, entry) == ()
    assert find_contradictions(entry, message) == ()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("twenty-five people", "25 people"),
        ("two hundred and five thousand", "205000"),
        ("half a million of a thousand", "500000 of 1000"),
        ("1.5 million", "1500000"),
        ("$5 million, £1,000 and €2bn", "5000000 dollars, 1000 pounds and 2000000000 euros"),
        ("no one, one in three, a man", "no one, one in 3, a man"),
        ("a dozen or two dozen", "12 or 24"),
        ("covid-19 doesnt spread, you cant", "covid does not spread, you can not"),
        ("5g and 2020", "5g and 2020"),
        ("吃 three 顆", "吃 three 顆"),
    ],
)
def test_it_spells_numbers_and_negations_one_way(text: str, plain: str) -> None:
    assert spell_one_way(text) == plain


def test_it_spells_countries_one_way_and_leaves_us_alone() -> None:
    assert spell_countries("The U.S. and the United Kingdom told us") == "The America and Britain told us"
    assert spell_countries("HELP US!") == "HELP US!"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("She said that Tom Hanks met Beyoncé's band", {"tom hanks", "beyoncé"}),
        ("Tom Hanks was arrested", {"tom hanks"}),
        ("Drinking water helps. Always", set()),
        ("Why Doctors Now Tell You Never To Drink Water", set()),
        ("STOP the Steal NOW", set()),
        ("please STOP doing this to Greta right now", {"greta"}),
    ],
)
def test_it_finds_names_by_their_capitals(text: str, names: set[str]) -> None:
    assert set(find_capitals(text)) == names


def test_each_direction_is_listed_once_and_says_something() -> None:
    lines = (WORDS / "directions.txt").read_text(encoding="utf-8").split("\n")
    sides = [side.split() for line in lines if line for side in line.split(" / ")]
    stems = [{tuple(map(stem, phrase.split("_"))) for phrase in side} for side in sides]
    assert len(sides) == 2 * len([line for line in lines if line])
    assert sum(map(len, stems)) == len(set.union(*stems))
    assert not {phrase[0] for side in stems for phrase in side if len(phrase) == 1} & (COMMON - {"before", "after"})


def test_what_is_named_in_another_claim_is_kept_apart() -> None:
    assert read_claim("On stage yesterday we heard Tom Hanks sing").names == {"tom hanks"}
    assert read_claim("on stage yesterday we heard tom hanks sing").names == frozenset()


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "a million " * 500,
        "twenty one hundred thousand " * 180,
        "$5 bn " * 800,
        "Tom Hanks sued Apple. " * 220,
        "Aa Bb " * 800,
        "not safe, " * 500,
        "rise fall " * 500,
        "May 5 March " * 400,
        "1," * 2500,
        "U.S." * 1200,
        "$" + "9" * 900 + " million",
        "9." + "9" * 900 + " million",
        "٣" * 900 + " billion",
        " ".join(f"Name{i} sued Other{i}" for i in range(300)),
        " ".join(f"{i} people rose by {i} percent" for i in range(200)),
    ],
)
def test_it_takes_bounded_time_on_hostile_english(text: str) -> None:
    start = time.process_time()
    for other in (text[::-1], text[100:] + " not", text.replace("a", "e"), text[:260] + " Brad Pitt"):
        find_contradictions(text, other)
        find_contradictions(other, text)
    assert time.process_time() - start < 5
