"""Why a moderator's act, a report or an appeal is not taken."""


class MeasureError(Exception):
    """This cannot be done.

    MeasureError
    ├── NothingToDoError   there is no such thing, or it is so already
    ├── OwnCaseError       nobody decides on what they wrote, raised, or are accused of
    └── NotAllowedError    this decision does not go with this case, or this account is out of reach
    """

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class NothingToDoError(MeasureError):
    """There is no such thing, or it is so already."""


class OwnCaseError(MeasureError):
    """Nobody decides on what they wrote or raised themselves, or are accused of."""


class NotAllowedError(MeasureError):
    """This decision does not go with this case, or this account is out of reach."""
