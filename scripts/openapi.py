#!/usr/bin/env python3
"""Write the OpenAPI document of the server: `python -m scripts.openapi FILE`. The types in ui/ are made from it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from mockforge_analytics import AnalyticsConfig, AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app


def main(target: Path) -> None:
    """Write the document to `target`, whose folder is made where it is missing."""
    with tempfile.TemporaryDirectory() as folder:
        config = AnalyticsConfig(database_path=Path(folder) / "empty.db")
        with AnalyticsDatabase.open(config=config) as database:
            document = database_app(database).openapi()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
