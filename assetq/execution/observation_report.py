"""What an op has seen of assets that something else makes: observations and their data versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetKey, DataVersion, ObserveResult
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.observable import DataVersionsByPartition, ObservableSourceAsset
from assetq.errors import StepFailedError
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.check_report import CheckReport
from assetq.execution.data_version import VersionMark
from assetq.execution.event import EventType
from assetq.execution.event_detail import plain_metadata
from assetq.execution.step_versions import observed_mark


@dataclass(frozen=True, slots=True)
class ObservationReport:
    """The observations of one attempt; results of checks that come with one go to `checks`."""

    scope: AttemptScope
    checks: CheckReport
    observed: set[AssetKey] = field(default_factory=set)

    def takes(self, item: Any) -> bool:
        """True for what is an observation; data versions alone are one of an observable source asset only."""
        if isinstance(item, ObserveResult):
            return True
        is_version = isinstance(item, DataVersion | DataVersionsByPartition)
        return is_version and isinstance(self.scope.definition, ObservableSourceAsset)

    def take(self, item: ObserveResult | DataVersion | DataVersionsByPartition) -> None:
        """Record an observation that the op gave.

        Raises:
            StepFailedError: It does not say of which asset, or something is wrong with results of checks in it.
        """
        if isinstance(item, DataVersionsByPartition):
            self._take_versions(item)
        else:
            self._take_result(ObserveResult(data_version=item) if isinstance(item, DataVersion) else item)

    def _take_result(self, result: ObserveResult) -> None:
        key = result.asset_key or self._only_key()
        data: dict[str, Any] = {"metadata": plain_metadata(normalize_metadata(result.metadata))}
        marks: tuple[VersionMark, ...] = ()
        if result.data_version:
            data["data_version"] = result.data_version.value
            marks = (observed_mark(result.data_version.value),) * self.scope.task.partition_count
        if result.tags:
            data["tags"] = dict(result.tags)
        self.scope.tell(EventType.ASSET_OBSERVATION, key, data, marks=marks)
        self.observed.add(key)
        for check in result.check_results:
            self.checks.take(check, key)

    def _take_versions(self, found: DataVersionsByPartition) -> None:
        key = self._only_key()
        for partition, version in found.data_versions_by_partition.items():
            text = version.value if isinstance(version, DataVersion) else str(version)
            told = {"metadata": {}, "data_version": text, "partition": partition}
            self.scope.tell(EventType.ASSET_OBSERVATION, key, told, marks=(observed_mark(text),))
            self.observed.add(key)

    def _only_key(self) -> AssetKey:
        keys = sorted(self.scope.definition.keys)
        if len(keys) != 1:
            raise StepFailedError(f"'{self.scope.op.name}' observes {len(keys)} assets; give asset_key.")
        return keys[0]

    def finish(self) -> None:
        """The op is done.

        Raises:
            StepFailedError: It gave no observation of an asset of which it must.
        """
        definition = self.scope.definition
        is_whole = isinstance(definition, ObservableSourceAsset) and not definition.can_subset
        missing = sorted(definition.keys - self.observed) if is_whole else ()
        if missing:
            raise StepFailedError(
                f"'{self.scope.op.name}' gave no observation of '{missing[0]}'; give an ObserveResult or a "
                "DataVersion of each asset, or set can_subset=True."
            )
