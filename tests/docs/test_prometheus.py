"""docs/prometheus.md: its settings load, its table has every preset, its program runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mockforge_analytics.collection import MappingConfig
from mockforge_analytics.config import load_config
from mockforge_analytics.sources.prometheus.detection import chosen_presets, rules_of
from mockforge_analytics.sources.prometheus.mapping import DIMENSIONS, Kind
from mockforge_analytics.sources.prometheus.presets import PRESETS
from tests.repo.syntax import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PAGE = (ROOT / "docs" / "prometheus.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def rows(heading: str) -> dict[str, str]:
    """Return the rows of the table below `heading` by the code in their first column."""
    part = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return {found[1]: found[0] for found in re.finditer(r"^\| `([^`]+)` \|.*$", part, re.MULTILINE)}


def test_the_settings_load_and_become_rules(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(block("toml"))
    config = load_config(file)
    (source,), (target,) = config.prometheus, config.scrape
    rules = {rule.metric: rule for rule in rules_of(source, chosen_presets(source, ()))}
    assert rules["shop_requests_total"].kind is Kind.REQUESTS
    assert rules["shop_requests_total"].labels == {"method": "verb", "endpoint": "route|path", "status": "code"}
    assert rules["shop_request_duration_milliseconds"].unit == 0.001
    assert rules["mockforge_requests_total"].constants == {"workspace_id": "shop", "environment": "staging"}
    assert target.interval_seconds == 15
    assert "…" not in repr(config.prometheus)  # the token


def test_the_table_has_every_preset_and_its_signs() -> None:
    table = rows("Presets")
    assert list(table) == list(PRESETS)
    for name, row in table.items():
        signs = PRESETS[name].signs
        assert ("named only" in row) is (not signs)
        assert not signs or any(sign in row for sign in signs)


def test_the_reference_has_every_key_kind_and_dimension() -> None:
    table = rows("Mappings")
    assert list(table) == list(MappingConfig.model_fields)
    assert all(f"`{kind}`" in table["kind"] for kind in Kind)
    assert all(f"`{name}`" in table["labels"] for name in DIMENSIONS)


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    program = block("python").replace("http://localhost:9090", "http://127.0.0.1:9")
    exec(compile(program, "docs/prometheus.md", "exec"), {})
    assert "http://127.0.0.1:9 cannot be asked" in capsys.readouterr().out
