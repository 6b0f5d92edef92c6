"""Ready-made checks: bounds of metadata, changes of columns, and freshness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from assetq.definitions.asset_check import multi_asset_check
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.assets_definition import AssetChecksDefinition
from assetq.definitions.check import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec
from assetq.definitions.cron import Cron
from assetq.definitions.metadata import MetadataValue
from assetq.definitions.metadata_table import TableSchema
from assetq.errors import DefinitionError

COLUMN_SCHEMA = "dagster/column_schema"
FRESHNESS_PARAMS = "dagster/freshness_params"
RECENT_RUNS = 200


class ExecutionContext(Protocol):
    """What these checks need of the context that they run in."""

    @property
    def instance(self) -> Any:
        """The instance of the run."""


# What a check found, apart from its severity: passed, description, metadata.
Finding = tuple[bool, str, dict[str, Any]]
Look = Callable[[ExecutionContext, AssetKey], Finding]


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    description: str
    severity: AssetCheckSeverity
    blocking: bool = False
    params: dict[str, Any] | None = None


def build_metadata_bounds_checks(
    *,
    assets: Sequence[Any],
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    metadata_key: str,
    min_value: float | None = None,
    max_value: float | None = None,
    exclusive_min: bool = False,
    exclusive_max: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that a number in the latest materialization's metadata lies within bounds. Mirrors Dagster's.

    Raises:
        DefinitionError: There is no bound, or none can be kept.
    """
    if min_value is None and max_value is None:
        raise DefinitionError(f"The bounds of '{metadata_key}' are missing; give min_value, max_value or both.")
    if min_value is not None and max_value is not None and min_value > max_value:
        raise DefinitionError(f"The bounds of '{metadata_key}' leave nothing: {min_value} > {max_value}; swap them.")

    def problem(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{metadata_key} is no number: {value!r}"
        if min_value is not None and (value < min_value or (exclusive_min and value == min_value)):
            return f"{metadata_key} is {value}, below the bound {min_value}"
        if max_value is not None and (value > max_value or (exclusive_max and value == max_value)):
            return f"{metadata_key} is {value}, above the bound {max_value}"
        return None

    def look(context: ExecutionContext, key: AssetKey) -> Finding:
        event = context.instance.latest_materialization(key)
        if event is None:
            return False, "The asset was never materialized", {}
        if metadata_key not in event.data["metadata"]:
            return False, f"The latest materialization has no metadata '{metadata_key}'", {}
        found = problem(_value(event, metadata_key))
        return found is None, found or f"{metadata_key} is within its bounds", {}

    kind = _Kind(f"{metadata_key}_bounds_check", f"'{metadata_key}' lies within its bounds.", severity)
    return [_checks(kind, assets, look)]


def build_column_schema_change_checks(
    *, assets: Sequence[Any], severity: AssetCheckSeverity = AssetCheckSeverity.WARN
) -> Sequence[AssetChecksDefinition]:
    """Checks that the columns are those of the materialization before. Mirrors Dagster's.

    Materializations tell their columns as `TableSchema` in metadata `dagster/column_schema`.
    """

    def look(context: ExecutionContext, key: AssetKey) -> Finding:
        events = list(_latest_two(context.instance, key))
        if len(events) < 2:
            return True, "There is no materialization to compare with", {}
        for which, event in zip(("latest", "previous"), events, strict=True):
            if COLUMN_SCHEMA not in event.data["metadata"]:
                return False, f"The {which} materialization tells no columns", {}
        now, before = ({c.name: c.type for c in _schema(event).columns} for event in events)
        changes = [
            *(f"added {name}" for name in now if name not in before),
            *(f"removed {name}" for name in before if name not in now),
            *(f"{name} was {before[name]}, is {now[name]}" for name in now if before.get(name, now[name]) != now[name]),
        ]
        return not changes, f"Columns changed: {', '.join(changes)}" if changes else "Columns are the same", {}

    kind = _Kind("column_schema_change", "The columns are those of the materialization before.", severity)
    return [_checks(kind, assets, look)]


def build_last_update_freshness_checks(
    *,
    assets: Sequence[Any],
    lower_bound_delta: timedelta,
    deadline_cron: str | None = None,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that the latest materialization is not older than allowed. Mirrors Dagster's.

    Args:
        assets: What is checked.
        lower_bound_delta: How old it may be, at the deadline.
        deadline_cron: The deadline is the last moment that this schedule names; without it, when the check runs.
        timezone: Of the schedule.
        severity, blocking: As for any check.

    Raises:
        DefinitionError: The schedule cannot be read.
    """
    cron = None if deadline_cron is None else Cron.parse(deadline_cron)
    params: dict[str, Any] = {"timezone": timezone, "lower_bound_delta_seconds": lower_bound_delta.total_seconds()}
    if deadline_cron is not None:
        params["deadline_cron"] = deadline_cron

    def look(context: ExecutionContext, key: AssetKey) -> Finding:
        now = datetime.now(ZoneInfo(timezone))
        deadline = cron.last(now) if cron else now
        metadata = _times(freshness_lower_bound_timestamp=deadline - lower_bound_delta)
        if cron:
            metadata |= _times(latest_cron_tick_timestamp=deadline)
        event = context.instance.latest_materialization(key)
        if event is None:
            return False, "The asset was never materialized", metadata
        updated = _moment(event)
        metadata |= _times(last_updated_timestamp=updated)
        if updated < deadline - lower_bound_delta:
            return False, f"Overdue: the last update was at {updated.isoformat(timespec='seconds')}", metadata
        metadata |= _times(fresh_until_timestamp=cron.next(now) if cron else updated + lower_bound_delta)
        return True, f"Fresh: the last update was at {updated.isoformat(timespec='seconds')}", metadata

    return [_checks(_freshness(severity, blocking, params), assets, look)]


def build_time_partition_freshness_checks(
    *,
    assets: Sequence[Any],
    deadline_cron: str,
    timezone: str = "UTC",
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    blocking: bool = False,
) -> Sequence[AssetChecksDefinition]:
    """Checks that the partition that was complete at the last deadline is materialized. Mirrors Dagster's.

    Raises:
        DefinitionError: The schedule cannot be read.
    """
    cron, grids = Cron.parse(deadline_cron), {AssetKey.from_coercible(asset): _grid(asset) for asset in assets}

    def look(context: ExecutionContext, key: AssetKey) -> Finding:
        now = datetime.now(ZoneInfo(timezone))
        deadline = cron.last(now)
        metadata = _times(latest_cron_tick_timestamp=deadline)
        grid = grids[key] or _recorded_grid(context.instance, key)
        if not hasattr(grid, "window_at"):
            raise DefinitionError(f"Asset '{key}' is not partitioned by time, so its partitions have no deadline.")
        complete = grid.all_indices(deadline)
        materialized, _ = context.instance.partition_states(str(key), grid)
        event = context.instance.latest_materialization(key)
        if complete and complete.last not in materialized:
            metadata |= _times(last_updated_timestamp=_moment(event)) if event else {}
            return False, f"Overdue: partition {grid.key_at(complete.last)} is missing", metadata
        return True, "Fresh: the latest partition is there", metadata | _times(fresh_until_timestamp=cron.next(now))

    params = {"timezone": timezone, "deadline_cron": deadline_cron}
    return [_checks(_freshness(severity, blocking, params), assets, look)]


def _freshness(severity: AssetCheckSeverity, blocking: bool, params: dict[str, Any]) -> _Kind:
    return _Kind("freshness_check", "The asset is as new as it should be.", severity, blocking, params)


def _checks(kind: _Kind, assets: Iterable[Any], look: Look) -> AssetChecksDefinition:
    """One definition with a check of each asset."""
    keys = list(dict.fromkeys(AssetKey.from_coercible(asset) for asset in assets))
    told = {} if kind.params is None else {FRESHNESS_PARAMS: MetadataValue.json(kind.params)}
    specs = [
        AssetCheckSpec(kind.name, asset=key, description=kind.description, blocking=kind.blocking, metadata=told)
        for key in keys
    ]

    def evaluate(context: ExecutionContext) -> Iterator[AssetCheckResult]:
        selected = getattr(context, "selected_asset_check_keys", None)
        for spec in specs:
            if selected and spec.key not in selected:
                continue
            passed, description, metadata = look(context, spec.asset_key)
            yield AssetCheckResult(
                passed=passed,
                asset_key=spec.asset_key,
                check_name=spec.name,
                severity=kind.severity,
                description=description,
                metadata={**told, **metadata},
            )

    digest = hashlib.sha256(f"{kind}{keys}".encode()).hexdigest()[:8]
    return multi_asset_check(name=f"asset_check_{digest}", specs=specs, can_subset=True)(evaluate)


def _value(event: Any, name: str) -> Any:
    return MetadataValue.from_json(event.data["metadata"][name]).value


def _schema(event: Any) -> TableSchema:
    schema = _value(event, COLUMN_SCHEMA)
    return schema if isinstance(schema, TableSchema) else TableSchema.from_json(schema)


def _moment(event: Any) -> datetime:
    return datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)


def _times(**moments: datetime) -> dict[str, Any]:
    return {f"dagster/{name}": MetadataValue.timestamp(moment.timestamp()) for name, moment in moments.items()}


def _latest_two(instance: Any, key: AssetKey) -> Iterator[Any]:
    """The latest materialization and the one before, found in the logs of recent runs."""
    latest = instance.latest_materialization(key)
    if latest is None:
        return
    yield latest
    for run in instance.list_runs(limit=RECENT_RUNS):
        for event in reversed(_materializations(instance, run.run_id, str(key))):
            if (event.run_id, event.timestamp_ms) != (latest.run_id, latest.timestamp_ms):
                yield event
                return


def _materializations(instance: Any, run_id: str, asset: str) -> list[Any]:
    found, after = [], None
    while events := instance.read_events(run_id, after=after):
        found += [event for event in events if str(event.type) == "ASSET_MATERIALIZATION" and event.asset == asset]
        after = events[-1].cursor
    return found


def _grid(asset: Any) -> Any:
    return getattr(asset, "partitions_def", None)


def _recorded_grid(instance: Any, key: AssetKey) -> Any:
    partitions = import_module("assetq.partitions")  # a layer above, found when it is needed
    return partitions.partitions_from_dict(instance.get_asset(str(key)).partitions)
