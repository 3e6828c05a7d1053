"""Which encoders this database has matched with, in order. Rows are only added; the newest counts.

Going back adds a row too. To know what going back leads to, the rows are read as a stack: an adoption puts its model on
top, a return takes the top off.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from storage.tables import AdoptedModel

RETURNED = "returned_from"
"""In a row's report: the model that was given up for this earlier one."""


UPDATED = "updated_from"
"""In a row's report: the earlier version of the bundled model, which no program of this version can run to compare."""


class NothingToReturnToError(Exception):
    """No other model was adopted before this one."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


async def load_adoptions(session: AsyncSession) -> Sequence[AdoptedModel]:
    """All of them, oldest first."""
    return list(await session.scalars(select(AdoptedModel).order_by(col(AdoptedModel.id))))


def get_previous(adoptions: Iterable[AdoptedModel]) -> str:
    """The model to return to; raises `NothingToReturnToError`."""
    standing = _stack(adoptions)
    if len(standing) < 2:
        raise NothingToReturnToError
    return standing[-2]


async def record_return(session: AsyncSession, model_id: str, *, given_up: str) -> None:
    """Match with the earlier model from now on."""
    session.add(AdoptedModel(model_id=model_id, report={RETURNED: given_up}))
    await session.flush()


def to_json(adoption: AdoptedModel) -> dict[str, Any]:
    """What a person wants to see of it."""
    return {
        "model_id": adoption.model_id,
        "adopted_at": adoption.adopted_at.isoformat(timespec="seconds"),
        "forced": adoption.forced,
        "fallen": adoption.report.get("fallen", []),
        RETURNED: adoption.report.get(RETURNED),
        UPDATED: adoption.report.get(UPDATED),
    }


def _stack(adoptions: Iterable[AdoptedModel]) -> list[str]:
    standing: list[str] = []
    for adoption in adoptions:
        if RETURNED in adoption.report:
            standing.pop()
        elif not standing or standing[-1] != adoption.model_id:
            standing.append(adoption.model_id)
    return standing
