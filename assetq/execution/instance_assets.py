"""What an instance knows of assets: the catalog, status, data versions, histories."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assetq.definitions import AssetCheckKey, AssetKey, Definitions
from assetq.execution.catalog import versioned_record
from assetq.execution.data_version import VersionMark, Wanted, versioned
from assetq.execution.dynamic_partitions import DynamicPartitionsHolder
from assetq.execution.event import Event
from assetq.execution.history import HistoryPage
from assetq.execution.record import AssetRecord, PartitionStatus
from assetq.execution.staleness import Staleness, staleness
from assetq.partitions import IndexSet, PartitionsDefinition


class InstanceAssets(DynamicPartitionsHolder, ABC):
    """The part of `Instance` that is about assets."""

    @abstractmethod
    def register_assets(self, defs: Definitions) -> None:
        """Write the definitions into the catalog."""

    @abstractmethod
    def list_assets(self) -> list[AssetRecord]:
        """The catalog, by key."""

    @abstractmethod
    def get_asset(self, key: Any) -> AssetRecord:
        """An asset of the catalog.

        Raises:
            UnknownAssetError: It is not there; proposes the nearest.
        """

    @abstractmethod
    def asset_status(self, key: Any, defs: Definitions | None = None) -> PartitionStatus:
        """Partitions of an asset by status."""

    @abstractmethod
    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions, as indices of `partitions_def`."""

    @abstractmethod
    def latest_materialization(self, key: Any, partition: str | None = None) -> Event | None:
        """The latest materialization of an asset, or of one of its partitions; None when there is none."""

    def staleness(self, key: Any) -> Staleness:
        """What is out of date of an asset, as the catalog defines it.

        Raises:
            UnknownAssetError: It is not in the catalog.
        """
        record = self.get_asset(key)
        return self.staleness_of([record], {other: self.get_asset(other) for other in record.deps})[record.key]

    def stale_partitions(self, defs: Definitions, key: AssetKey) -> IndexSet:
        """Partitions of an asset that are out of date, as some definitions have it."""
        return staleness(versioned(defs, key), self).stale

    def staleness_of(self, records: Iterable[AssetRecord], known: Mapping[str, AssetRecord]) -> dict[str, Staleness]:
        """What is out of date of some assets, external ones left out; `known` holds what they read, by key."""
        return {r.key: staleness(versioned_record(r, known), self) for r in records if not r.is_external}

    @abstractmethod
    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """Data versions: of each `(asset, its partitions, which of them)`, in their order; None where none is known."""

    def partitions_in_progress(self, asset: str) -> IndexSet:
        """Partitions of an asset that are being made."""
        return IndexSet()

    @abstractmethod
    def asset_history(self, asset_key: Any, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """Events of an asset, "materialization", "observation" or "check", each with its position in that history.

        Positions grow with time and are never given twice, not even after the asset was wiped.
        """

    @abstractmethod
    def has_history(self, asset_key: Any) -> bool:
        """Whether an asset was ever materialized or observed, since it was wiped."""

    @abstractmethod
    def latest_checks(self, asset_key: Any) -> Mapping[str, Event]:
        """Name of a check -> its latest evaluation, for the checks of an asset; empty when none was evaluated."""

    @abstractmethod
    def latest_check(self, asset_check_key: AssetCheckKey) -> Event | None:
        """The latest evaluation of a check; None when it never was evaluated."""

    @abstractmethod
    def wipe_asset(self, key: Any, partition: str | None = None) -> None:
        """Forget that an asset, or one partition, was materialized. Stored values stay."""

    @abstractmethod
    def report_runless_asset_event(self, asset_event: Any) -> None:
        """Record that something happened to an asset outside of any run. Mirrors Dagster's method.

        Args:
            asset_event: An `AssetMaterialization`, `AssetObservation` or `AssetCheckEvaluation`.
        """
