"""What Dagster's instance offers, under its names, on top of what every instance has."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextvars import ContextVar
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assetq.errors import UnknownRunError
from assetq.execution.asset_view import AssetView
from assetq.execution.event import Event, EventType
from assetq.execution.event_record import EventLogRecord, EventRecordsResult, RunStats
from assetq.execution.record import RunRecord
from assetq.execution.record_filter import RunsFilter

if TYPE_CHECKING:
    from assetq.execution.instance import Instance

MANY = 1_000_000
FEW = 100

# What `get` gives inside `instance_for_test`.
CURRENT: ContextVar[Instance | None] = ContextVar("current instance", default=None)


class InstanceView(AssetView):
    """Mixed into `Instance`."""

    @staticmethod
    def get() -> Instance:
        """The instance of the surrounding `instance_for_test`, else the one that the environment names.

        That is `ASSETQ_REDIS_URL`, or the server of this folder. Mirrors Dagster's method, whose DAGSTER_HOME it is.

        Raises:
            ServerUnreachableError: Nothing answers there.
        """
        from assetq.execution.instance import Instance

        return CURRENT.get() or Instance.connect()

    @staticmethod
    def local_temp(tempdir: str | None = None, overrides: Mapping[str, Any] | None = None) -> Instance:
        """An instance that lives in a folder, on an embedded server that runs while it is open.

        Who opens the folder again finds the runs, events and values of before. Mirrors Dagster's method.

        Args:
            tempdir: The folder; by default one that goes when the instance is closed.
            overrides: Taken and not used: there is no instance file here.

        Raises:
            AssetqError: There is no server to start; says what to install.
        """
        opened: Instance = import_module("assetq.broker.local_instance").LocalInstance(tempdir)
        return opened

    @property
    def is_ephemeral(self) -> bool:
        """Whether the records end with the object."""
        return False

    @property
    def is_persistent(self) -> bool:
        """Whether the records outlive the object."""
        return not self.is_ephemeral

    @property
    def root_directory(self: Any) -> str:
        """Folder in which stored values lie, in `storage`."""
        return os.path.dirname(str(self.storage_directory()))

    def get_run_by_id(self: Any, run_id: str) -> RunRecord | None:
        """A run; None when there is none."""
        try:
            found: RunRecord = self.get_run(run_id)
        except UnknownRunError:
            return None
        return found

    def has_run(self, run_id: str) -> bool:
        """Whether there is such a run."""
        return self.get_run_by_id(run_id) is not None

    def get_runs(
        self,
        filters: RunsFilter | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        *,
        tags: Mapping[str, str] | None = None,
        ascending: bool = False,
    ) -> Sequence[RunRecord]:
        """Runs, newest first. Mirrors Dagster's method.

        Args:
            filters: Which.
            cursor: Id of a run behind which to go on.
            limit: Most runs.
            tags: Tags that they have, for short.
            ascending: Oldest first.
        """
        found = self._matching_runs(filters or RunsFilter(), tags)
        ordered = found[::-1] if ascending else found
        place = next((i + 1 for i, run in enumerate(ordered) if run.run_id == cursor), 0)
        return ordered[place : place + limit if limit else None]

    def _matching_runs(self: Any, filters: RunsFilter, tags: Mapping[str, str] | None) -> list[RunRecord]:
        if filters.run_ids is not None and len(filters.run_ids) <= FEW:
            named = (self.get_run_by_id(run_id) for run_id in dict.fromkeys(filters.run_ids))
            runs = sorted((r for r in named if r is not None), key=lambda r: r.submitted_at_ms, reverse=True)
        else:
            runs = self.list_runs(limit=MANY, statuses=tuple(filters.statuses or ()), tags=tags)
        return [r for r in runs if filters.matches(r) and all(r.tags.get(k) == v for k, v in (tags or {}).items())]

    def get_run_ids(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Sequence[str]:
        """Ids of runs, newest first; arguments as for `get_runs`."""
        return [run.run_id for run in self.get_runs(filters, cursor, limit)]

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: str | None = None,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> Sequence[RunRecord]:
        """Runs, newest first; each is its own record. `order_by` is taken and not used."""
        return self.get_runs(filters, cursor, limit, ascending=ascending)

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        """A run; None when there is none."""
        return self.get_run_by_id(run_id)

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        """How many runs there are."""
        return len(self.get_runs(filters))

    def get_run_tags(
        self, tag_keys: Sequence[str], value_prefix: str | None = None, limit: int | None = None
    ) -> Sequence[tuple[str, set[str]]]:
        """Tags of runs with their values, by tag. Mirrors Dagster's method.

        Args:
            tag_keys: Which tags.
            value_prefix: How values begin.
            limit: Most tags.
        """
        found: dict[str, set[str]] = {}
        for run in self.get_runs():
            for name in set(tag_keys) & set(run.tags):
                if run.tags[name].startswith(value_prefix or ""):
                    found.setdefault(name, set()).add(run.tags[name])
        return sorted(found.items())[:limit]

    def get_run_tag_keys(self) -> Sequence[str]:
        """Every tag that a run has, by name."""
        return sorted({name for run in self.get_runs() for name in run.tags})

    def get_run_stats(self: Any, run_id: str) -> RunStats:
        """What happened in a run, in numbers."""
        run, logs = self.get_run(run_id), self.all_logs(run_id)
        return RunStats(
            run_id=run_id,
            steps_succeeded=run.steps.succeeded,
            steps_failed=run.steps.failed,
            materializations=sum(event.is_step_materialization for event in logs),
            expectations=sum(event.is_expectation_result for event in logs),
            enqueued_time=run.submitted_at_ms / 1000,
            start_time=run.start_time,
            end_time=run.end_time,
        )

    def all_logs(self: Any, run_id: str, of_type: EventType | Collection[EventType] | None = None) -> Sequence[Event]:
        """Every event of a run, in order; empty when there is no such run.

        Args:
            run_id: The run.
            of_type: Kind or kinds of event.
        """
        try:
            found: list[Event] = self.read_events(run_id, limit=MANY)
        except UnknownRunError:
            return []
        return [event for event in found if _is_of(event, of_type)]

    def logs_after(
        self,
        run_id: str,
        cursor: int | None = None,
        of_type: EventType | Collection[EventType] | None = None,
        limit: int | None = None,
    ) -> Sequence[Event]:
        """Events of a run behind one. `read_events` takes an event's own cursor and is cheaper.

        Args:
            run_id: The run.
            cursor: Number of the last event seen, from 0; -1 or None for the beginning.
            of_type: Kind or kinds of event.
            limit: Most events.
        """
        after = self.all_logs(run_id)[(-1 if cursor is None else cursor) + 1 :]
        return [event for event in after if _is_of(event, of_type)][:limit]

    def get_records_for_run(
        self,
        run_id: str,
        cursor: str | None = None,
        of_type: EventType | Collection[EventType] | None = None,
        limit: int | None = None,
        ascending: bool = True,
    ) -> EventRecordsResult:
        """A page of a run's events, with their places in its log. Mirrors Dagster's method.

        Args:
            run_id: The run.
            cursor: That of the page before.
            of_type: Kind or kinds of event.
            limit: Most events.
            ascending: Oldest first.
        """
        records = [EventLogRecord(n, event) for n, event in enumerate(self.all_logs(run_id), start=1)]
        ordered = records if ascending else records[::-1]
        place = None if not cursor else int(cursor)
        left = [r for r in ordered if place is None or (r.storage_id > place if ascending else r.storage_id < place)]
        wanted = [record for record in left if _is_of(record.event_log_entry, of_type)]
        page = wanted[:limit]
        last = str(page[-1].storage_id) if page else cursor or ""
        return EventRecordsResult(page, last, len(wanted) > len(page))

    def dispose(self: Any) -> None:
        """Close connections."""
        self.close()


def _is_of(event: Event, kinds: EventType | Collection[EventType] | None) -> bool:
    if kinds is None:
        return True
    return event.type == kinds if isinstance(kinds, str) else event.type in kinds
