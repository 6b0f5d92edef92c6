"""Takes what an op gives back: sorts the results, sees that all are there, has outputs stored and told of."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from assetq.definitions import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetMaterialization,
    AssetObservation,
    DynamicOutput,
    ExpectationResult,
    MaterializeResult,
    MetadataValue,
    OpOutput,
    Output,
)
from assetq.definitions.signature import declares_output
from assetq.errors import StepFailedError
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.check_report import CheckReport
from assetq.execution.dynamic_output import write_keys
from assetq.execution.given_output import GivenOutput
from assetq.execution.logged_event import asset_event, expectation_event
from assetq.execution.observation_report import ObservationReport
from assetq.execution.output_events import OutputEvents
from assetq.execution.output_store import OutputStore
from assetq.execution.partition_account import PartitionAccount
from assetq.execution.several_outputs import refuse_unselected, required_outputs, several_results
from assetq.partitions import IndexSet

NOTES = (AssetMaterialization, AssetObservation, ExpectationResult, AssetCheckEvaluation)


def results_of(returned: Any) -> Iterator[Any]:
    """The single results of an op, awaited and iterated as need be."""
    if inspect.iscoroutine(returned):
        returned = asyncio.run(returned)
    if inspect.isasyncgen(returned):
        yield from asyncio.run(_gathered(returned))
    elif inspect.isgenerator(returned):
        yield from returned
    else:
        yield returned


def carries_checks(returned: Any) -> bool:
    """True for a tuple that holds results of the op's own checks beside its output."""
    return isinstance(returned, tuple) and any(isinstance(item, AssetCheckResult) for item in returned)


async def _gathered(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@dataclass(slots=True)
class StepReport:
    """What one attempt has given so far.

    Attributes:
        produced: Names of the outputs that were given.
        values: Output name -> value, for hooks.
        given_metadata: Output name -> metadata that came with it, for hooks.
        mapping_key: The value of a dynamic output for which the op is called now.
        keys: Output -> mapping keys that were given, in their order.
        parts: Which partitions were given and which failed.
    """

    scope: AttemptScope
    produced: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)
    given_metadata: dict[str, dict[str, MetadataValue]] = field(default_factory=dict)
    mapping_key: str | None = None
    keys: dict[str, dict[str, None]] = field(default_factory=dict)
    parts: PartitionAccount = field(init=False)
    checks: CheckReport = field(init=False)
    observations: ObservationReport = field(init=False)
    outputs: OutputEvents = field(init=False)
    store: OutputStore = field(init=False)

    def __post_init__(self) -> None:
        self.parts = PartitionAccount(self.scope.task, self.scope.context.failed_partitions)
        self.checks = CheckReport(self.scope)
        self.observations = ObservationReport(self.scope, self.checks)
        self.outputs = OutputEvents(self.scope, self.parts)
        self.store = OutputStore(self.scope, self.parts, self.note)

    def take(self, returned: Any) -> None:
        """Handle what the op returned, or yields.

        Raises:
            StepFailedError: It gave something that it does not have, or not what it must.
            CheckFailedError: A blocking check failed.
        """
        is_stream = inspect.isgenerator(returned) or inspect.isasyncgen(returned)
        for item in results_of(returned):
            self._take_item(item, is_stream)
        self._finish()

    def _take_item(self, item: Any, is_stream: bool) -> None:
        if isinstance(item, NOTES):
            self.note(item)
        elif isinstance(item, AssetCheckResult):
            self.checks.take(item)
        elif self.observations.takes(item):
            self.observations.take(item)
        elif isinstance(item, Output | MaterializeResult):
            self._store(self._output_of(item), item)
        elif is_stream:
            raise StepFailedError(
                f"'{self.scope.op.name}' yielded {type(item).__name__}; a generator yields Output, "
                "MaterializeResult, ObserveResult or AssetCheckResult."
            )
        else:
            self._store_plain(item)

    def _store_plain(self, value: Any) -> None:
        op = self.scope.op
        if self.scope.definition.check_specs and op.outputs and carries_checks(value):
            self._take_with_checks(value)
        elif self.scope.context.requires_typed_event_stream and op.outputs:
            raise StepFailedError(
                f"'{op.name}' must return or yield results, and returned {type(value).__name__}. "
                f"{self.scope.context.typed_event_stream_error_message}"
            )
        elif declares_output(op.fn):
            raise StepFailedError(f"'{op.name}' is annotated to return an Output, and returned {value!r}; wrap it.")
        elif isinstance(value, list) and value and all(isinstance(item, DynamicOutput) for item in value):
            for item in value:
                self._take_item(item, is_stream=True)
        elif len(op.outputs) == 1:
            self._store(op.outputs[0], value)
        elif op.outputs:
            for item in several_results(op, value):
                self._take_item(item, is_stream=True)
        elif value is not None:
            raise StepFailedError(f"'{op.name}' gave {type(value).__name__}; a check gives an AssetCheckResult.")

    def _take_with_checks(self, items: tuple[Any, ...]) -> None:
        values = [item for item in items if not isinstance(item, AssetCheckResult)]
        for value in values:
            self._take_item(value, is_stream=len(values) != 1)
        for result in (item for item in items if isinstance(item, AssetCheckResult)):
            self.checks.take(result)

    def _output_of(self, item: Output[Any] | MaterializeResult[Any]) -> OpOutput:
        op = self.scope.op
        if isinstance(item, MaterializeResult):
            found = op.output_for(item.asset_key) if item.asset_key else op.output("result")
        else:
            found = op.output(item.output_name)
        if found is None:
            named = getattr(item, "asset_key", None) or getattr(item, "output_name", "")
            raise StepFailedError(f"'{op.name}' gave output '{named}', which it does not have.")
        refuse_unselected(self.scope.definition, self.scope.task, found)
        return found

    def _store(self, output: OpOutput, item: Any) -> None:
        mapping_key = item.mapping_key if isinstance(item, DynamicOutput) else self.mapping_key
        self._note_key(output, mapping_key)
        given = GivenOutput.of(output, item, self._made_by(output, item), mapping_key)
        if isinstance(item, Output | MaterializeResult):
            self.given_metadata[output.name] = dict(given.metadata)
        if isinstance(given.value, AssetCheckResult):
            self.checks.take(given.value)
            self.produced.add(output.name)
            return
        self._keep_value(given)
        self._store_given(replace(given, metadata=self._all_metadata(given)))
        self.produced.add(output.name)
        for result in getattr(item, "check_results", ()):
            self.checks.take(result, output.key)

    def _made_by(self, output: OpOutput, item: Any) -> IndexSet:
        """The partitions that a result makes: those that have not failed, or the one that it names."""
        partition = item.partition if isinstance(item, Output | MaterializeResult) else None
        is_next = output.is_dynamic or (partition is not None and output.name in self.parts.given)
        if output.name in self.produced and not is_next:
            raise StepFailedError(f"'{self.scope.op.name}' gave output '{output.name}' twice; give it once.")
        return self.parts.good if partition is None else self.parts.take(output, partition)

    def _all_metadata(self, given: GivenOutput) -> dict[str, MetadataValue]:
        return {**given.metadata, **self.scope.context.metadata_of(given.output.name, given.output.key)}

    def _keep_value(self, given: GivenOutput) -> None:
        part = given.partition or given.mapping_key
        if part is None:
            self.values[given.output.name] = given.plain_value
        else:
            self.values.setdefault(given.output.name, {})[part] = given.plain_value

    def _store_given(self, given: GivenOutput) -> None:
        """Store what was given, if there is anything, and tell of it."""
        self._refuse_value(given)
        if not given.has_value:
            self.outputs.given(given)
            self.outputs.materialized(given)
            return
        self.outputs.checked(given)
        stored = self.store.store(given)
        if stored is None:
            self.outputs.materialized(replace(given, made=IndexSet()))
            return
        self.outputs.materialized(replace(given, metadata={**given.metadata, **stored}))
        self.outputs.stored(given, stored)

    def _refuse_value(self, given: GivenOutput) -> None:
        if given.output.is_nothing and given.plain_value is not None:
            raise StepFailedError(
                f"'{self.scope.op.name}' gave {type(given.value).__name__} for output '{given.output.name}', which is "
                "declared to be nothing; leave the value out, or mend the annotation."
            )

    def begin(self, mapping_key: str) -> None:
        """The op is called for the next value of a dynamic output."""
        self.mapping_key = mapping_key
        self.produced.clear()

    def _note_key(self, output: OpOutput, mapping_key: str | None) -> None:
        if mapping_key is None:
            if output.is_dynamic:
                raise StepFailedError(
                    f"'{self.scope.op.name}' gave output '{output.name}', which is dynamic, as one value; yield a "
                    "DynamicOutput for each."
                )
            return
        keys = self.keys.setdefault(output.name, {})
        if mapping_key in keys:
            raise StepFailedError(f"'{self.scope.op.name}' gave mapping key '{mapping_key}' twice; give it once.")
        keys[mapping_key] = None

    def dynamic_keys(self) -> dict[str, tuple[str, ...]]:
        """Mapping keys of each dynamic output."""
        dynamic = (output.name for output in self.scope.op.outputs if output.is_dynamic)
        return {name: tuple(self.keys.get(name, ())) for name in dynamic}

    def write_keys(self, is_mapped: bool) -> None:
        """Record which values the dynamic outputs have, and the outputs of an op that is mapped over some."""
        for output in self.scope.op.outputs:
            if is_mapped or output.is_dynamic:
                write_keys(
                    self.scope.session,
                    self.scope.task.run_id,
                    self.scope.task.step_key,
                    output,
                    list(self.keys.get(output.name, ())),
                    fence=self.scope.task.fence,
                    guard=self.scope.guard,
                )

    def note(self, item: Any) -> None:
        """Record an event that the op made itself, by yielding it or through `context.log_event`.

        Raises:
            StepFailedError: It is none.
        """
        if isinstance(item, AssetCheckEvaluation):
            self.checks.record(item)
        elif isinstance(item, ExpectationResult):
            self.scope.events.append(expectation_event(item))
        elif isinstance(item, AssetMaterialization | AssetObservation):
            self.scope.events.append(asset_event(item))
        else:
            raise StepFailedError(f"{type(item).__name__} cannot be logged as an event.")

    def _finish(self) -> None:
        self.parts.close()
        if self.parts.is_lost:
            self.parts.refuse_failed()
        missing = [o for o in required_outputs(self.scope.definition, self.scope.task) if o.name not in self.produced]
        if missing:
            raise StepFailedError(
                f"'{self.scope.op.name}' did not give output '{missing[0].name}' of asset '{missing[0].key}', which "
                "is required. Yield it, or set output_required=False."
            )
        self.observations.finish()
        self.checks.finish(has_given=bool(self.produced or self.observations.observed))
        self.parts.refuse_failed()
