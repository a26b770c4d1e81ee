"""Request lines and request targets (RFC 9112, sections 3 and 3.2) to method and path."""

from __future__ import annotations

from typing import Final

import polars as pl

from mockforge_analytics.sources.accesslog.columns import replace_where

__all__ = ["method_and_path", "split_request"]

_METHOD: Final = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$"
_VERSION: Final = r"^HTTP/\d(?:\.\d)?$"
_SCHEME_AND_HOST: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"


def split_request(request: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return method and target of request lines; both are null where a line is not ``METHOD target HTTP/x``."""
    parts = request.str.splitn(" ", 3).struct.unnest()
    method, target, version = (parts.to_series(index) for index in range(3))
    # Few distinct methods and versions: a regex on each row cost 0.2 us a line, the look-up in a set 0.03.
    valid = _matches(version, _VERSION) & _matches(method, _METHOD) & (target.str.len_bytes() > 0)
    if valid.fill_null(value=False).all():
        return method, target
    return _keep(method, valid), _keep(target, valid)


def method_and_path(method: pl.Series, target: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return methods that are tokens of at most 32 characters, and the paths of their request targets.

    The path ends before the query or fragment, an absolute target loses scheme and host, and the target of CONNECT
    (``host:port``) stays as it is. Nothing is decoded.
    """
    valid = _matches(method, _METHOD)
    path = target.str.splitn("?", 2).struct.field("field_0")
    odd = ~path.str.starts_with("/") | path.str.contains("#", literal=True)
    if odd.any():
        odd = odd.fill_null(value=False)
        path = replace_where(path, odd, _odd_paths(method.filter(odd), target.filter(odd)))
    return (method if valid.all() else _keep(method, valid)), path


def _odd_paths(method: pl.Series, target: pl.Series) -> pl.Series:
    whole = pl.col("target")
    shown = whole.str.replace(r"[?#].*$", "")
    is_absolute = whole.str.contains(_SCHEME_AND_HOST)
    path = shown.str.replace(_SCHEME_AND_HOST, "")
    return (
        pl.select(method.alias("method"), target.alias("target"))
        .select(
            pl.when(pl.col("method").eq_missing("CONNECT"))
            .then(whole)
            .when(is_absolute & (path == ""))
            .then(pl.lit("/"))
            .when(is_absolute)
            .then(path)
            .when(shown != "")
            .then(shown)
        )
        .to_series()
    )


def _matches(values: pl.Series, pattern: str) -> pl.Series:
    distinct = values.unique()
    return values.is_in(distinct.filter(distinct.str.contains(pattern)).implode())


def _keep(values: pl.Series, mask: pl.Series) -> pl.Series:
    return values.zip_with(mask.fill_null(value=False), pl.Series([None], dtype=values.dtype))
