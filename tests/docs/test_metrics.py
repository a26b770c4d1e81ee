"""docs/metrics.md and docs/grafana.md name everything that there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from dashboards.boards import FOLDER
from scripts.metrics_reference import GRAFANA, TARGET, grafana_page, page
from tests.api.traffic import ROWS
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tables_are_up_to_date() -> None:
    assert TARGET.read_text("utf-8") == page(), "run `python -m scripts.metrics_reference`"
    assert GRAFANA.read_text("utf-8") == grafana_page(), "run `python -m scripts.metrics_reference`"


def test_what_is_exposed_is_documented_and_the_other_way_round(tmp_path: Path) -> None:
    with serving(tmp_path, ROWS) as served:
        text = served.client.get("/metrics", params={"names": "both"}).text
    exposed = {name for name in re.findall(r"^# TYPE (\S+)", text, re.MULTILINE) if not name.startswith("process_")}
    documented = set(re.findall(r"^\| `(mockforge_\w+)`", TARGET.read_text("utf-8"), re.MULTILINE))
    assert exposed == documented


def test_every_alert_is_documented() -> None:
    groups = yaml.safe_load((FOLDER / "rules" / "mockforge-analytics-alerts.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"]}
    assert set(re.findall(r"^\| `(MockForge\w+)`", GRAFANA.read_text("utf-8"), re.MULTILINE)) == alerts
