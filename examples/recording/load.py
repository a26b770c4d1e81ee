"""Plays the plan of a week against nginx, at a bounded number of visits at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from examples.recording.steps import RawStep
from examples.recording.wire import Connection, send_raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.recording.steps import Session

__all__ = ["MAX_OPEN_VISITS", "SECONDS_PER_DAY", "play"]

SECONDS_PER_DAY = 86_400
MAX_OPEN_VISITS = 600


async def play(sessions: Sequence[Session], port: int, *, seconds_per_day: float) -> float:
    """Play `sessions` (ascending by arrival) so that a day of theirs takes `seconds_per_day`.

    Arrivals are open-loop: a slow server does not slow them down, until MAX_OPEN_VISITS are under way. Returns the
    largest delay of an arrival against the plan in seconds; a delay near zero means that the load was as planned.
    """
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(MAX_OPEN_VISITS)
    started, late = loop.time(), 0.0
    pace = seconds_per_day / SECONDS_PER_DAY

    async def visit(session: Session) -> None:
        try:
            await _visit(session, port, pace)
        finally:
            slots.release()

    async with asyncio.TaskGroup() as group:
        for session in sessions:
            due = started + session.at_day * seconds_per_day
            if (ahead := due - loop.time()) > 0:
                await asyncio.sleep(ahead)
            await slots.acquire()
            late = max(late, loop.time() - due)
            group.create_task(visit(session))
    return late


async def _visit(session: Session, port: int, pace: float) -> None:
    connection = Connection(port, session.client)
    try:
        for step in session.steps:
            if step.pause_s:
                await asyncio.sleep(step.pause_s * pace)
            if isinstance(step, RawStep):
                await send_raw(port, step)
            else:
                await connection.send(step)
    finally:
        connection.close()
