"""Paths without what may hold secrets."""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["bare_paths"]

_SCHEME_AND_HOST: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"


def bare_paths(paths: pl.Series) -> pl.Series:
    """Return `paths` without query and fragment, and URLs without scheme and host.

    What neither starts with a slash nor is a URL stays as it is: topics (``sensors/#``), queues, ``host:port``, ``*``.
    """
    odd = ~paths.str.starts_with("/") | paths.str.contains(r"[?#]")
    if not odd.any():
        return paths
    path = pl.col("path")
    local = path.str.replace(_SCHEME_AND_HOST, "")
    is_url = path.str.contains(_SCHEME_AND_HOST)
    bare = local.str.replace(r"(?s)[?#].*$", "")
    made = pl.when(is_url & (bare == "")).then(pl.lit("/")).when(is_url | path.str.starts_with("/")).then(bare)
    return paths.to_frame("path").select(made.otherwise(path)).to_series()
