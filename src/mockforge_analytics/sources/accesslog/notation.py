"""Format strings as people have them in their configuration, to layouts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.directives import Directive, apache_directive, nginx_variable
from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.json_lines import JsonKeys
from mockforge_analytics.sources.accesslog.layout import Layout, check_fields, make_layout
from mockforge_analytics.sources.accesslog.normalise import Units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["parse_notation"]

_NGINX_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_APACHE_DIRECTIVE: Final = re.compile(r"%(?:!?\d+(?:,\d+)*)?([<>]?)(?:\{([^}]*)\})?([<>]?)(\^\w\w|[A-Za-z])")
_NGINX_STATEMENT: Final = re.compile(r"^\s*log_format\s+\S+\s+(?:escape=\w+\s+)?(.*?);?\s*$", re.DOTALL)
_APACHE_STATEMENT: Final = re.compile(r'^\s*LogFormat\s+"(.*)"(?:\s+\S+)?\s*$', re.DOTALL | re.IGNORECASE)
_NGINX_PIECE: Final = re.compile(r"'((?:[^'\\]|\\.)*)'\s*|\"((?:[^\"\\]|\\.)*)\"\s*|(\S+)\s*", re.DOTALL)
_BARE_NUMBER: Final = re.compile(r"(:\s*)(\$\{\w+\}|\$\w+|%[<>]?(?:\{[^}]*\})?[<>]?\^?[A-Za-z]{1,2})(?=\s*[,}])")
_PERCENT: Final = "\0"
# Parts of a request target that stand directly behind one another: read as one target.
_TARGET_TAIL: Final = frozenset({"q", "args", "is_args", "query_string"})


@dataclass(frozen=True, slots=True)
class _Named:
    name: str  # as written
    key: str  # the bare name
    directive: Directive


_Part = _Named | str


def parse_notation(text: str) -> tuple[Layout | JsonKeys, Units]:
    """Return shape and units of lines written with `text`: nginx ``log_format`` or Apache ``LogFormat`` notation.

    The text may be the bare format or the whole configuration statement; a JSON template gives JSON lines.

    Raises:
        FormatError: an unknown variable, touching fields, or no time, request or status.
    """
    bare = _bare(text.strip())
    if _NGINX_VARIABLE.search(bare):
        split: Callable[[str], Iterator[_Part]] = _nginx_parts
    elif _APACHE_DIRECTIVE.search(bare):
        split = _apache_parts
    else:
        raise FormatError(
            f"The format {text!r} is neither the name of a format nor a format string; "
            "a format string has nginx variables ($remote_addr) or Apache directives (%h)."
        )
    template = _json_template(bare)
    if template is not None:
        return _json_keys(template, split, text)
    parts = _join_targets(list(split(bare)))
    chosen = _choose([part for part in parts if isinstance(part, _Named)])
    pieces: list[Field | bytes] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part.encode())
        else:
            pieces += _field_pieces(part, part.directive.field if part in chosen.values() else Field.IGNORED)
    return make_layout(pieces, text), _units(chosen)


def _bare(text: str) -> str:
    nginx = _NGINX_STATEMENT.match(text)
    if nginx:
        return "".join("".join(groups) for groups in _NGINX_PIECE.findall(nginx[1]))
    apache = _APACHE_STATEMENT.match(text)
    text = apache[1] if apache else text
    return text.replace('\\"', '"').replace("\\t", "\t")


def _nginx_parts(text: str) -> Iterator[_Part]:
    at = 0
    for match in _NGINX_VARIABLE.finditer(text):
        if match.start() > at:
            yield text[at : match.start()]
        name = match[1] or match[2]
        directive = nginx_variable(name)
        if directive is None:
            raise FormatError(
                f"The format has the variable ${name}, which is not known; check its spelling, "
                "or write $http_unused in its place to read over it."
            )
        yield _Named(match[0], name, directive)
        at = match.end()
    if at < len(text):
        yield text[at:]


def _apache_parts(text: str) -> Iterator[_Part]:
    text = text.replace("%%", _PERCENT)
    at = 0
    for match in _APACHE_DIRECTIVE.finditer(text):
        if match.start() > at:
            yield _literal(text[at : match.start()])
        letter = (match[1] or match[3] or "") + match[4]
        directive = apache_directive(letter, match[2])
        if directive is None:
            raise FormatError(
                f"The format has the directive {match[0]}, which is not known; check its spelling, "
                "or write %{Unused}i in its place to read over it."
            )
        yield _Named(match[0], match[4], directive)
        at = match.end()
    if at < len(text):
        yield _literal(text[at:])


def _literal(text: str) -> str:
    if "%" in text:
        raise FormatError(f"The format has {text.strip()!r}, which is no directive; write %% for a percent sign.")
    return text.replace(_PERCENT, "%")


def _join_targets(parts: list[_Part]) -> list[_Part]:
    joined: list[_Part] = []
    for part in parts:
        behind = joined[-1] if joined else None
        is_tail = isinstance(part, _Named) and part.key in _TARGET_TAIL
        if not (is_tail and isinstance(behind, _Named) and behind.directive.field is Field.TARGET):
            joined.append(part)
    return joined


def _choose(named: list[_Named]) -> dict[Field, _Named]:
    chosen: dict[Field, _Named] = {}
    for part in named:
        field = part.directive.field
        if field is not Field.IGNORED and (field not in chosen or part.directive.rank > chosen[field].directive.rank):
            chosen[field] = part
    return chosen


def _field_pieces(part: _Named, field: Field) -> list[Field | bytes]:
    # Apache writes its own brackets round %t.
    return [b"[", field, b"]"] if part.name == "%t" else [field]


def _units(chosen: dict[Field, _Named]) -> Units:
    latency, time = chosen.get(Field.LATENCY), chosen.get(Field.TIME)
    default = Units()
    return Units(
        latency=latency.directive.latency if latency else default.latency,
        time=time.directive.time if time else default.time,
    )


def _json_template(text: str) -> object | None:
    if not (text.startswith("{") and text.endswith("}")):
        return None
    # A number is written without quotes ("status":$status); with them the template itself is JSON.
    quoted = _BARE_NUMBER.sub(r'\1"\2"', text)
    try:
        template: object = json.loads(quoted)
    except ValueError:
        return None
    return template


def _json_keys(template: object, split: Callable[[str], Iterator[_Part]], text: str) -> tuple[JsonKeys, Units]:
    paths: dict[int, tuple[str, ...]] = {}
    named: list[_Named] = []
    for path, value in _leaves(template, ()):
        parts = _join_targets(list(split(value)))
        if len(parts) == 1 and isinstance(parts[0], _Named):
            paths[len(named)] = path
            named.append(parts[0])
    chosen = _choose(named)
    by_field = {field: paths[next(i for i, part in enumerate(named) if part is chosen[field])] for field in chosen}
    check_fields(chosen, text)
    return JsonKeys(tuple((field, (path,)) for field, path in by_field.items())), _units(chosen)


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    elif isinstance(value, str):
        yield path, value
