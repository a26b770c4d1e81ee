"""The shape of a line of text: fields and the characters between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.fields import Field

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["QUOTE", "Layout", "check_fields", "make_layout"]

QUOTE: Final = b'"'


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields of a line in order; `before[i]` stands before `fields[i]`, `before[-1]` after the last one."""

    fields: tuple[Field, ...]
    before: tuple[bytes, ...]

    def is_quoted(self, index: int) -> bool:
        """Whether field `index` stands alone between double quotes."""
        return self.before[index].endswith(QUOTE) and self.before[index + 1].startswith(QUOTE)

    def has(self, field: Field) -> bool:
        """Whether the layout has `field`."""
        return field in self.fields

    @property
    def required(self) -> int:
        """The number of leading fields a line must have to be a request: up to time and status."""
        return 1 + max(i for i, field in enumerate(self.fields) if field in (Field.TIME, Field.STATUS))


def make_layout(parts: list[Field | bytes], text: str) -> Layout:
    """Return the layout of fields and literals `parts`, which came from the format string `text`.

    Raises:
        FormatError: two fields touch, or there is no time.
    """
    fields: list[Field] = []
    before: list[bytes] = [b""]
    for part in parts:
        if isinstance(part, bytes):
            before[-1] += part
        else:
            fields.append(part)
            before.append(b"")
    check_fields(fields, text)
    for (index, left), right in zip(enumerate(fields), fields[1:], strict=False):
        if before[index + 1] == b"":
            raise FormatError(
                f"In the format {text!r} the fields {left.value} and {right.value} touch and cannot be told apart; "
                "put a space or a quote between them."
            )
    repeated = [left for left, right in pairwise(sorted(fields)) if left == right and left is not Field.IGNORED]
    if repeated:
        raise FormatError(f"The format {text!r} has the field {repeated[0].value} twice; keep one of them.")
    return Layout(tuple(fields), tuple(before))


def check_fields(fields: Collection[Field], text: str) -> None:
    """Raise FormatError unless `fields`, which came from the format string `text`, can tell when what was asked."""
    if Field.TIME not in fields:
        raise FormatError(f"The format {text!r} has no time; add $time_local, $time_iso8601, $msec or %t.")
    if not any(field in fields for field in (Field.STATUS, Field.REQUEST, Field.METHOD, Field.TARGET)):
        raise FormatError(f"The format {text!r} has neither a request nor a status; add $request $status or %r %>s.")
