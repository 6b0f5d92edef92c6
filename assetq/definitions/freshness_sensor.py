"""The sensor of freshness checks: declared in code, carried by `Definitions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.asset_key import check_name
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckKey
from assetq.errors import DefinitionError

SHORTEST_INTERVAL_S = 30


@dataclass(frozen=True, slots=True)
class FreshnessChecksSensor:
    """Says which freshness checks are to run by themselves. Nothing evaluates it: a schedule must run the checks.

    Attributes:
        name: Of the sensor.
        check_keys: The checks.
        minimum_interval_seconds: Between two looks at them.
        default_status: Whether it starts switched on.
        tags: Carried along.
    """

    name: str
    check_keys: tuple[AssetCheckKey, ...]
    minimum_interval_seconds: int = SHORTEST_INTERVAL_S
    default_status: Any = None
    tags: Mapping[str, Any] = field(default_factory=dict)


def build_sensor_for_freshness_checks(
    *,
    freshness_checks: Sequence[AssetsDefinition],
    minimum_interval_seconds: int | None = None,
    name: str = "freshness_checks_sensor",
    default_status: Any = None,
    tags: Mapping[str, Any] | None = None,
) -> FreshnessChecksSensor:
    """A sensor that names freshness checks, for `Definitions(sensors=...)`. Nothing evaluates it.

    Args:
        freshness_checks: What the builders of freshness checks return.
        minimum_interval_seconds: Between two looks at them; 30 by default.
        name: Of the sensor.
        default_status, tags: Carried along.

    Raises:
        DefinitionError: Something is not a check.
    """
    for each in freshness_checks:
        if not isinstance(each, AssetsDefinition) or not each.check_keys:
            raise DefinitionError(
                f"Sensor '{name}' is given {each!r}; give what build_last_update_freshness_checks made."
            )
    keys = tuple(sorted(key for each in freshness_checks for key in each.check_keys))
    interval = SHORTEST_INTERVAL_S if minimum_interval_seconds is None else minimum_interval_seconds
    return FreshnessChecksSensor(check_name(name, "sensor", None), keys, interval, default_status, dict(tags or {}))
