"""User agents: family and version, by the regexes of the uap-core project (https://github.com/ua-parser/uap-core)."""

from __future__ import annotations

from functools import cache
from itertools import takewhile
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AGENT_CACHE", "UserAgents"]

AGENT_CACHE: Final = 50_000  # agents of each of two generations; about 30 MB when full
_UNKNOWN: Final = ("", "")


class UserAgents:
    """Family and version of user agents, remembered by their text. Safe to share between threads.

    The parser is loaded once a process, by the first agent that is not empty (0.15 s). One agent takes it 5-30 µs,
    which is why what it said is kept: the newest `capacity` to ``2 * capacity`` agents.
    """

    def __init__(self, capacity: int = AGENT_CACHE) -> None:
        self._capacity = capacity
        self._young: dict[str, tuple[str, str]] = {}
        self._old: dict[str, tuple[str, str]] = {}
        self._lock = Lock()

    def parse(self, agents: list[str]) -> list[tuple[str, str]]:
        """Return family and version (``major.minor.patch`` as far as known) of each of `agents`, ``""`` if unknown."""
        with self._lock:
            known = [*map(self._young.get, agents)]
            return [self._lookup(agent) if found is None else found for agent, found in zip(agents, known, strict=True)]

    def _lookup(self, agent: str) -> tuple[str, str]:
        found = self._young.get(agent)
        if found is not None:
            return found
        found = self._old.get(agent)
        if found is None:
            found = _load()(agent) if agent else _UNKNOWN
        if len(self._young) >= self._capacity:
            self._old, self._young = self._young, {}
        self._young[agent] = found
        return found


@cache
def _load() -> Callable[[str], tuple[str, str]]:
    from ua_parser import Domain
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    agents, _, _ = load_lazy_builtins()
    resolve = Resolver((agents, [], []))  # systems and devices are not stored: their regexes stay out of memory

    def parse(agent: str) -> tuple[str, str]:
        found = resolve(agent, Domain.USER_AGENT).user_agent
        if found is None or found.family == "Other":
            return _UNKNOWN
        numbers = takewhile(bool, (found.major, found.minor, found.patch))
        return found.family, ".".join(number for number in numbers if number)

    return parse
