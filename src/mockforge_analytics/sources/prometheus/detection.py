"""Which presets fit what a server or a target exposes, and which rules follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import ConfigError
from mockforge_analytics.sources.prometheus.counting import START_TIME
from mockforge_analytics.sources.prometheus.created import created_name
from mockforge_analytics.sources.prometheus.mapping import Kind, Rule
from mockforge_analytics.sources.prometheus.presets import PRESETS
from mockforge_analytics.sources.prometheus.watch import UP

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mockforge_analytics.collection import Collected, MappingConfig

__all__ = ["AUTO", "CONFIGURED", "absent_rules", "chosen_presets", "rules_of", "wanted_names"]

AUTO: Final = "auto"
CONFIGURED: Final = "configured"  # stands for mappings of the settings among the names of presets

# Two presets that count the same requests of one process: where both fit, the one named first is left out.
_COVERED: Final = (("envoy", "istio"), ("prometheus", ""))


def chosen_presets(settings: Collected, names: Collection[str]) -> tuple[str, ...]:
    """Return the presets that `settings` ask for; of ``auto`` those with signs among `names`.

    What a Prometheus server counts of its own requests is traffic only where nothing else is.

    Raises:
        ConfigError: one is unknown.
    """
    chosen: list[str] = []
    for name in settings.presets:
        if name == AUTO:
            chosen += _fitting(names)
        elif name in PRESETS:
            chosen.append(name)
        else:
            message = f"there is no preset {name!r}: use {AUTO} or some of {', '.join(PRESETS)}"
            raise ConfigError(message)
    return tuple(dict.fromkeys(chosen))


def _fitting(names: Collection[str]) -> list[str]:
    found = [name for name, preset in PRESETS.items() if any(sign in names for sign in preset.signs)]
    for less, more in _COVERED:
        if less in found and (more in found or (not more and len(found) > 1)):
            found.remove(less)
    return found


def rules_of(settings: Collected, presets: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of `presets` and of the mappings of `settings`; a mapping replaces a preset's for its metric."""
    own = tuple(map(_rule, settings.mappings))
    mapped = {rule.metric for rule in own}
    constants = {"workspace_id": settings.workspace_id, "environment": settings.environment}
    known = {name: value for name, value in constants.items() if value}
    rules = [rule for name in presets for rule in PRESETS[name].rules if rule.metric not in mapped]
    # Two rules for the same series would count them twice; the later one holds.
    return tuple({rule.key: rule.within(known) for rule in (*rules, *own)}.values())


def absent_rules(settings: Collected, names: Collection[str]) -> frozenset[str]:
    """Return the keys of all rules that ``auto`` may choose one day, and of which nothing is among `names` now."""
    if AUTO not in settings.presets:
        return frozenset()
    known = frozenset(names)
    rules = (rule for preset in PRESETS.values() for rule in preset.rules)
    return frozenset(rule.key for rule in rules if known.isdisjoint(rule.sample_names))


def wanted_names(rules: Sequence[Rule]) -> frozenset[str]:
    """Return the names of all series that are of use for `rules`."""
    samples = [name for rule in rules for name in rule.sample_names]
    return frozenset([*samples, *map(created_name, samples), START_TIME, UP])


def _rule(mapping: MappingConfig) -> Rule:
    labels: Mapping[str, str] = {str(name): label for name, label in mapping.labels.items()}
    return Rule(
        mapping.metric,
        Kind(mapping.kind),
        labels,
        {str(name): value for name, value in mapping.constants.items()},
        mapping.unit,
        mapping.counts_requests,
        mapping.detail_of,
        mapping.only,
    )
