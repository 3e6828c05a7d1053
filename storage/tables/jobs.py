"""When scheduled jobs ran."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.tables.columns import UtcDateTime


class JobRun(SQLModel, table=True):
    """The last run of one scheduled job; the row is also its lock between processes."""

    __tablename__ = "job_run"

    name: str = Field(primary_key=True)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = None
