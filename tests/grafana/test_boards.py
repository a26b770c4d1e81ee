"""The boards are what the code makes, and what ships with them fits together."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.boards import BOARDS, FOLDER, text

ROOT = FOLDER.parent
DEPLOY = ROOT / "deploy"
RULES = FOLDER / "rules"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
NINE = [  # of contract section 9.1: width, height, x, y
    ("Request Rate", 8, 8, 0, 0),
    ("P95 Latency", 8, 8, 8, 0),
    ("Error Rate", 8, 8, 16, 0),
    ("Requests by Protocol", 12, 8, 0, 8),
    ("Top Endpoints by Request Rate", 12, 8, 12, 8),
    ("Latency Percentiles", 12, 8, 0, 16),
    ("Active Connections", 12, 8, 12, 16),
    ("System Metrics", 12, 8, 0, 24),
    ("Errors by Type", 12, 8, 12, 24),
]


@pytest.mark.parametrize("name", BOARDS)
def test_the_file_is_what_the_code_makes(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == text(name), "run `python -m dashboards`"


def test_the_overview_has_the_nine_panels_in_their_places() -> None:
    board = json.loads((FOLDER / "mockforge-overview.json").read_text())
    places = [(panel["title"], *(panel["gridPos"][side] for side in "whxy")) for panel in board["panels"]]
    assert places == NINE
    assert [one["name"] for one in board["templating"]["list"]] == ["datasource", "protocol", "environment", "endpoint"]


@pytest.mark.parametrize("name", BOARDS)
def test_panels_are_modern_described_and_have_units(name: str) -> None:
    board = json.loads((FOLDER / name).read_text())
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        assert panel["type"] in ("timeseries", "bargauge", "stat")
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, "panels overlap"
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_rules_are_well_formed_and_behave() -> None:
    files = sorted(file for file in RULES.glob("*.yml") if not file.name.endswith(".test.yml"))
    assert len(files) == 2
    commands: list[list[str | Path]] = [
        ["check", "rules", *files],
        ["test", "rules", RULES / "mockforge-analytics-alerts.test.yml"],
    ]
    for command in commands:
        run = subprocess.run(["promtool", *command], capture_output=True, text=True, cwd=RULES, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_no_denominator_is_clamped() -> None:
    for file in (*RULES.glob("*.yml"), *(FOLDER / name for name in BOARDS)):
        assert "clamp" not in file.read_text()


def mounts(service: str) -> dict[str, Path | str]:
    """Return what a service sees at each path: a file of the checkout, or the name of a volume."""
    found: dict[str, Path | str] = {}
    for volume in COMPOSE["services"][service]["volumes"]:
        source, target = volume.split(":")[:2]
        found[target] = (DEPLOY / source).resolve() if source.startswith(".") else source
    return found


def seen(service: str, path: str) -> Path:
    """Return the file of the checkout that a service sees at `path`."""
    for target, source in mounts(service).items():
        if isinstance(source, Path) and (path == target or path.startswith(f"{target}/")):
            return source / path.removeprefix(target).lstrip("/") if path != target else source
    raise AssertionError(f"{service} sees nothing at {path}")


def test_every_file_that_the_compose_file_names_is_there() -> None:
    for service, settings in COMPOSE["services"].items():
        for source in mounts(service).values():
            assert source.exists() if isinstance(source, Path) else source in COMPOSE["volumes"], (service, source)
        assert ("build" in settings) != ("image" in settings)
    build = COMPOSE["services"]["analytics"]["build"]
    context = (DEPLOY / build["context"]).resolve()
    assert context == ROOT
    for line in (context / build["dockerfile"]).read_text().splitlines():
        if line.startswith("COPY"):
            for source in [part for part in line.split()[1:-1] if not part.startswith("--")]:
                assert (context / source).exists(), source
    assert (DEPLOY / "start").stat().st_mode & 0o111


def test_prometheus_finds_rules_target_and_token() -> None:
    file = seen("prometheus", COMPOSE["services"]["prometheus"]["command"][0].split("=")[1])
    config = yaml.safe_load(file.read_text())
    for rule_file in config["rule_files"]:
        assert seen("prometheus", rule_file).is_file()
    (scrape,) = config["scrape_configs"]
    ((target,),) = (one["targets"] for one in scrape["static_configs"])
    host, port = target.split(":")
    assert host in COMPOSE["services"]
    assert f'"{host}"' in COMPOSE["services"]["analytics"]["environment"]["MOCKFORGE_ANALYTICS_SERVER__ALLOWED_HOSTS"]
    assert f"--port {port}" in (DEPLOY / "start").read_text()
    token = scrape["authorization"]["credentials_file"]
    assert f">{token}" in (DEPLOY / "start").read_text()
    folder = token.rsplit("/", 1)[0]
    assert mounts("prometheus")[folder] == mounts("analytics")[folder] == "tokens"


def test_the_configuration_of_prometheus_is_well_formed(tmp_path: Path) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    config["rule_files"] = [str(seen("prometheus", file)) for file in config["rule_files"]]
    token = tmp_path / "token"
    token.write_text("secret")
    config["scrape_configs"][0]["authorization"]["credentials_file"] = str(token)
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    run = subprocess.run(["promtool", "check", "config", file], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_grafana_finds_its_boards_and_prometheus() -> None:
    provisioning = seen("grafana", "/etc/grafana/provisioning")
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "mockforge.yml").read_text())["providers"]
    for name in BOARDS:
        assert seen("grafana", f"{provider['options']['path']}/{name}") == FOLDER / name
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert source["url"].removeprefix("http://").split(":")[0] in COMPOSE["services"]
    home = COMPOSE["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert seen("grafana", home).is_file()
