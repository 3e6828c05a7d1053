"""The statistics that pages, API and console show, read from counts that the job `statistics` renews.

Aggregates over *people* below `SMALLEST_CROWD` are withheld (None): who asked or wrote in a week with three people
might be told from the outside. Counts of messages, articles and answers name nobody and are given as they are, except
for how one article spread: week by week that is a handful of people, so it is shown from `SMALLEST_CROWD` on.
"""

from storage.statistics.asked import MostAsked, Queue, Spread, SpreadWeek, load_most_asked, load_spread, measure_queue
from storage.statistics.counts import SMALLEST_CROWD, withhold_few
from storage.statistics.weeks import (
    ALL_TIME,
    CategoryCounts,
    Waiting,
    Week,
    find_waiting,
    load_categories,
    load_category_weeks,
    load_weeks,
)

__all__ = [
    "ALL_TIME",
    "SMALLEST_CROWD",
    "CategoryCounts",
    "MostAsked",
    "Queue",
    "Spread",
    "SpreadWeek",
    "Waiting",
    "Week",
    "find_waiting",
    "load_categories",
    "load_category_weeks",
    "load_most_asked",
    "load_spread",
    "load_weeks",
    "measure_queue",
    "withhold_few",
]
