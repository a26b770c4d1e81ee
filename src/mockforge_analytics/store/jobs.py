"""What waits for the writer, and what becomes of it when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockforge_analytics.model.batch import Batch, WriteResult
    from mockforge_analytics.store.committer import Committer

__all__ = ["Job", "Made", "Maker", "Portion", "portions", "settle"]

Shares = Callable[["WriteResult"], Sequence["WriteResult | Exception"]]


@dataclass(frozen=True, slots=True)
class Made:
    """What became of some items: a batch, or why there is none.

    Attributes:
        members: the places of these items among those that were given.
        shares: divides what writing the batch came to among them.
    """

    batch: Batch | Exception
    members: Sequence[int]
    shares: Shares


Maker = Callable[[Sequence[Any]], Sequence[Made]]


def _begun() -> Future[Any]:
    """Return a future that nobody can cancel: what is queued is committed, whether or not somebody waits for it."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(slots=True, eq=False)
class Job:
    """A batch to commit with others, an item that `maker` makes one of, or `work` that wants the writer for itself."""

    requests: int
    batch: Batch | None = None
    item: Any = None
    maker: Maker | None = None
    work: Callable[[Committer], Any] | None = None
    done: Future[Any] = field(default_factory=_begun)

    @property
    def is_bulk(self) -> bool:
        """Whether it is a chunk of an import."""
        return self.batch is not None and self.batch.bulk

    def goes_with(self, other: Job) -> bool:
        """Whether both can be committed together: live requests with live ones, chunks of an import with chunks."""
        return self.work is None and other.work is None and self.is_bulk == other.is_bulk


@dataclass(frozen=True, slots=True)
class Portion:
    """A batch, and the jobs that it does."""

    batch: Batch
    jobs: Sequence[Job]
    shares: Shares


def portions(jobs: Sequence[Job]) -> list[Portion]:
    """Return the batches of `jobs`, those of items made now; the futures of what cannot be made have the error."""
    found = [Portion(job.batch, [job], lambda result: [result]) for job in jobs if job.batch is not None]
    makers: dict[Maker, list[Job]] = {}
    for job in jobs:
        if job.maker is not None:
            makers.setdefault(job.maker, []).append(job)
    for maker, waiting in makers.items():
        found += _made(maker, waiting)
    return found


def _made(maker: Maker, jobs: Sequence[Job]) -> list[Portion]:
    try:
        made = maker([job.item for job in jobs])
    except Exception as error:  # noqa: BLE001 - those who wait must get an answer, and the writer go on
        settle(jobs, [error] * len(jobs))
        return []
    found = []
    for one in made:
        members = [jobs[place] for place in one.members]
        if isinstance(one.batch, Exception):
            settle(members, [one.batch] * len(members))
        else:
            found.append(Portion(one.batch, members, one.shares))
    return found


def settle(jobs: Sequence[Job], results: Sequence[Any]) -> None:
    """Tell those who wait for `jobs` what came of them; an exception is raised where they wait."""
    for job, result in zip(jobs, results, strict=True):
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)
