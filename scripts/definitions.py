"""Write the table of figures in docs/definitions.md from the metric registry, or check it with ``--check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from mockforge_analytics.query.metrics import METRICS

__all__ = ["PAGE", "main", "with_table"]

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "definitions.md"
BEGIN: Final = "<!-- table of figures: made by scripts/definitions.py -->\n"
END: Final = "<!-- end of the table -->\n"


def with_table(text: str) -> str:
    """Return the page `text` with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = ["| figure | unit | formula | of two parts together | meaning |", "|---|---|---|---|---|"]
    for metric in METRICS.values():
        formula = metric.formula.replace("|", "\\|")
        rows.append(f"| `{metric.name}` | {metric.unit or '–'} | {formula} | {metric.merge} | {metric.definition} |")
    return before + BEGIN + "\n".join(rows) + "\n" + END + after


def main() -> int:
    """Write the page; with ``--check`` only say whether it is as it should be."""
    text = PAGE.read_text("utf-8")
    made = with_table(text)
    if "--check" in sys.argv:
        return int(text != made)
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
