"""The log of a server: one line a record, as words or as JSON, on standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["FIELDS", "LogFormat", "log_to"]

FIELDS: Final = "fields"  # the attribute of a record that holds what is told beside the message
_PLAIN: Final = re.compile(r"[!#-<>-\[\]-~]+", re.ASCII)  # a value that needs no quotes: no blank, no ", = or backslash


class LogFormat(StrEnum):
    """How a record is written."""

    TEXT = "text"
    JSON = "json"


def log_to(log_format: LogFormat, level: str = "info", stream: TextIO | None = None) -> None:
    """Make everything this process logs from `level` (as in `logging`) on go to `stream` (default: standard error)."""
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(_Json() if log_format is LogFormat.JSON else _Words())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for library in ("httpx", "uvicorn.error", "websockets"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    facts = {
        "time": at.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": record.getMessage(),
        **getattr(record, FIELDS, {}),
    }
    if record.exc_info:
        facts["exception"] = logging.Formatter().formatException(record.exc_info)
    return facts


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_facts(record), default=str)


class _Words(logging.Formatter):
    """Time, level and message, then `name=value`; whatever could end or fake a line is quoted."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _facts(record)
        head = f"{facts.pop('time')} {facts.pop('level')} {_printable(facts.pop('message'))}"
        facts.pop("logger")
        return " ".join([head, *(f"{name}={_quoted(value)}" for name, value in facts.items())])


def _printable(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)


def _quoted(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
