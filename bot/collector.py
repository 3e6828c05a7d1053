"""Python's garbage collector, told what a server is: a large heap that stays, and many small things that go at once.

A full collection walks everything that start-up made and holds every request up meanwhile, 50 ms and more. What is
there when an index comes into use is therefore put aside for good, and full collections come rarely.
"""

import gc

THRESHOLDS = (50_000, 50, 100)
"""So many more objects are made than go before the youngest are looked at; so many looks go before an older look."""


def put_aside() -> None:
    """Keep what there is now out of all later collections; called again, it walks only what came since."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
