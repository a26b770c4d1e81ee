"""Write the tables of docs/metrics.md and docs/grafana.md: `python -m scripts.metrics_reference` in the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashboards.boards import BOARDS, text
from mockforge_analytics.export.metrics.definitions import HEALTH, MOCKFORGE, TRAFFIC, Definition, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
TARGET: Final = _DOCS / "metrics.md"
GRAFANA: Final = _DOCS / "grafana.md"
_TABLES: Final[Mapping[str, Mapping[str, Definition]]] = {"traffic": TRAFFIC, "health": HEALTH, "mockforge": MOCKFORGE}
_SUFFIXES: Final = {Kind.COUNTER: "_total", Kind.INFO: "_info"}


def page() -> str:
    """Return the page with its tables as they are now."""
    return filled(TARGET.read_text("utf-8"), {name: _table(known) for name, known in _TABLES.items()})


def filled(page_text: str, parts: Mapping[str, str]) -> str:
    """Return `page_text` with each of `parts` between the marks of its name."""
    for name, part in parts.items():
        before, begin, rest = page_text.partition(f"<!-- {name}: made by scripts/metrics_reference.py -->")
        _, end, after = rest.partition(f"<!-- end of {name} -->")
        page_text = f"{before}{begin}\n\n{part}\n{end}{after}"
    return page_text


def grafana_page() -> str:
    """Return the page of the boards with its tables as they are now."""
    return filled(GRAFANA.read_text("utf-8"), {name.removesuffix(".json"): _panels(name) for name in BOARDS})


def _panels(name: str) -> str:
    rows = ["| panel | shows | queries |", "| --- | --- | --- |"]
    for panel in json.loads(text(name))["panels"]:
        queries = "<br>".join(f"`{target['expr'].replace('|', chr(92) + '|')}`" for target in panel["targets"])
        rows.append(f"| {panel['title']} | {panel['description']} | {queries} |")
    return "\n".join(rows) + "\n"


def _table(definitions: Mapping[str, Definition]) -> str:
    rows = ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |"]
    for one in definitions.values():
        labels = ", ".join(f"`{label}`" for label in one.labels) or "–"
        rows.append(f"| `{one.full_name}{_SUFFIXES.get(one.kind, '')}` | {one.kind} | {labels} | {one.help} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
    GRAFANA.write_text(grafana_page(), "utf-8")
