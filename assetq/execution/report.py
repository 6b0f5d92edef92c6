"""Takes what an op gives back: stores outputs, evaluates checks, notes everything as events."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetsDefinition,
    DataVersion,
    DynamicOutput,
    ExpectationResult,
    MaterializeResult,
    MetadataValue,
    ObserveResult,
    OpOutput,
    Output,
)
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.observable import DataVersionsByPartition, ObservableSourceAsset
from assetq.definitions.output import NO_VALUE
from assetq.definitions.signature import declares_output
from assetq.definitions.type_check import PASSED, TypeCheck, TypeCheckError
from assetq.errors import CheckFailedError, StaleAttemptError, StepFailedError
from assetq.execution.context import ExecutionContext
from assetq.execution.data_version import VersionMark
from assetq.execution.declared_type import check_output
from assetq.execution.dynamic_output import write_keys
from assetq.execution.event import EventType, StepEvent
from assetq.execution.event_detail import plain_check
from assetq.execution.io_config import output_config
from assetq.execution.op_section import op_section
from assetq.execution.partition_account import PartitionAccount
from assetq.execution.placing import is_stored_as_asset, place_of
from assetq.execution.session import ExecutionSession
from assetq.execution.several_outputs import refuse_unselected, required_outputs, several_results
from assetq.execution.step_versions import StepVersions, observed_mark
from assetq.execution.task import Guard, StepTask
from assetq.io import OutputContext
from assetq.partitions import IndexSet

NOTES = (AssetMaterialization, AssetObservation, ExpectationResult, AssetCheckEvaluation)
RESULTS = (Output, MaterializeResult, ObserveResult, AssetCheckResult, *NOTES)


def now_ms() -> int:
    """This machine's time in ms since the epoch."""
    return time.time_ns() // 1_000_000


def plain(metadata: Mapping[str, MetadataValue]) -> dict[str, Any]:
    """Metadata as events carry it."""
    return {name: value.to_json() for name, value in metadata.items()}


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
        evaluations: Checks that were evaluated.
        mapping_key: The value of a dynamic output for which the op is called now.
        keys: Output -> mapping keys that were given, in their order.
        marks: Asset -> data versions of what was made.
    """

    session: ExecutionSession
    task: StepTask
    guard: Guard
    definition: AssetsDefinition
    context: ExecutionContext
    events: list[StepEvent]
    produced: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(default_factory=dict)
    given_metadata: dict[str, dict[str, MetadataValue]] = field(default_factory=dict)
    evaluations: dict[AssetCheckKey, AssetCheckEvaluation] = field(default_factory=dict)
    observed: set[AssetKey] = field(default_factory=set)
    mapping_key: str | None = None
    keys: dict[str, dict[str, None]] = field(default_factory=dict)
    given_key: str | None = None
    marks: dict[str, dict[int, VersionMark]] = field(default_factory=dict)
    parts: PartitionAccount = field(init=False)

    def __post_init__(self) -> None:
        self.parts = PartitionAccount(self.task, self.context.failed_partitions)

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
            self._evaluate(item)
        elif isinstance(item, ObserveResult):
            self._observe(item)
        elif isinstance(item, DataVersion | DataVersionsByPartition) and isinstance(
            self.definition, ObservableSourceAsset
        ):
            self._observe_versions(item)
        elif isinstance(item, Output | MaterializeResult):
            self._store(self._output_of(item), item)
        elif is_stream:
            raise StepFailedError(
                f"'{self.definition.op.name}' yielded {type(item).__name__}; a generator yields Output, "
                "MaterializeResult, ObserveResult or AssetCheckResult."
            )
        else:
            self._store_plain(item)

    def _store_plain(self, value: Any) -> None:
        op = self.definition.op
        if self.definition.check_specs and op.outputs and carries_checks(value):
            self._take_with_checks(value)
        elif self.context.requires_typed_event_stream and op.outputs:
            raise StepFailedError(
                f"'{op.name}' must return or yield results, and returned {type(value).__name__}. "
                f"{self.context.typed_event_stream_error_message}"
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
            self._evaluate(result)

    def _output_of(self, item: Output[Any] | MaterializeResult[Any]) -> OpOutput:
        op = self.definition.op
        if isinstance(item, MaterializeResult):
            found = op.output_for(item.asset_key) if item.asset_key else op.output("result")
        else:
            found = op.output(item.output_name)
        if found is None:
            named = getattr(item, "asset_key", None) or getattr(item, "output_name", "")
            raise StepFailedError(f"'{op.name}' gave output '{named}', which it does not have.")
        refuse_unselected(self.definition, self.task, found)
        return found

    def _store(self, output: OpOutput, item: Any) -> None:
        partition = item.partition if isinstance(item, Output | MaterializeResult) else None
        self.given_key = item.mapping_key if isinstance(item, DynamicOutput) else self.mapping_key
        self._note_key(output, self.given_key)
        is_next = output.is_dynamic or (partition is not None and output.name in self.parts.given)
        if output.name in self.produced and not is_next:
            raise StepFailedError(f"'{self.definition.op.name}' gave output '{output.name}' twice; give it once.")
        made = self.parts.good if partition is None else self.parts.take(output, partition)
        metadata: dict[str, MetadataValue] = {}
        value, data_version, tags = item, None, {}
        stored: Mapping[str, MetadataValue] | None = None
        if isinstance(item, Output | MaterializeResult):
            metadata.update(normalize_metadata(item.metadata))
            self.given_metadata[output.name] = dict(metadata)
            value, data_version, tags = item.value, item.data_version, item.tags
        if isinstance(value, AssetCheckResult):
            self._evaluate(value)
            self.produced.add(output.name)
            return
        self._keep_value(output.name, None if value is NO_VALUE else value, partition or self.given_key)
        metadata.update(self.context.metadata_of(output.name, output.key))
        if value is not NO_VALUE and value is not None and output.is_nothing:
            raise StepFailedError(
                f"'{self.definition.op.name}' gave {type(value).__name__} for output '{output.name}', which is "
                "declared to be nothing; leave the value out, or mend the annotation."
            )
        if value is not NO_VALUE and not output.is_nothing:
            self._check(output, value, metadata)
            made, stored = self._store_value(output, value, metadata, made, partition)
            metadata.update(stored or {})
        else:
            self._tell(output, metadata, PASSED)
        version = self.context.data_versions.get(str(output.key)) or (data_version.value if data_version else None)
        if is_stored_as_asset(self.task.plan_node, output):
            self._warn_of_unselected(output)
            self._materialized(output, metadata, version, tags, made)
        if stored is not None:
            self._tell_stored(output, stored)
        self.produced.add(output.name)
        for result in getattr(item, "check_results", ()):
            self._evaluate(result, output.key)

    def _check(self, output: OpOutput, value: Any, metadata: Mapping[str, MetadataValue]) -> None:
        try:
            found = check_output(output, value, self.context, self.definition.op.name)
        except TypeCheckError as error:
            self._tell(output, metadata, error.check)
            raise
        self._tell(output, metadata, found)

    def _tell(self, output: OpOutput, metadata: Mapping[str, MetadataValue], check: TypeCheck) -> None:
        """Note that the output was given, where all is told, or where nothing else tells what there is to say."""
        is_silent = check.success and not check.metadata
        is_told_elsewhere = not metadata or is_stored_as_asset(self.task.plan_node, output)
        if is_silent and is_told_elsewhere and not self.session.tells_all:
            return
        told: dict[str, Any] = {"output": output.name}
        if self.given_key is not None:
            told["mapping_key"] = self.given_key
        if metadata:
            told["metadata"] = plain(metadata)
        if not is_silent:
            told["type_check"] = plain_check(check)
        self._event(EventType.STEP_OUTPUT, None, told, check.description)

    def _tell_stored(self, output: OpOutput, metadata: Mapping[str, MetadataValue]) -> None:
        told: dict[str, Any] = {"output": output.name, "io_manager_key": output.io_manager_key}
        told |= {} if self.given_key is None else {"mapping_key": self.given_key}
        key = output.key if is_stored_as_asset(self.task.plan_node, output) else None
        if metadata and (key is None or self.session.tells_all):
            told["metadata"] = plain(metadata)
        self._event(EventType.HANDLED_OUTPUT, key, told)

    def _keep_value(self, name: str, value: Any, partition: str | None) -> None:
        if partition is None:
            self.values[name] = value
        else:
            self.values.setdefault(name, {})[partition] = value

    def _store_value(
        self,
        output: OpOutput,
        value: Any,
        metadata: Mapping[str, MetadataValue],
        made: IndexSet,
        partition: str | None,
    ) -> tuple[IndexSet, Mapping[str, MetadataValue] | None]:
        """What was stored, and its metadata; None when nothing was.

        One partition of several that cannot be stored fails alone.
        """
        if not made:
            return made, None
        if partition is None:
            return made, self._handle_output(output, self.parts.kept(value), metadata, made)
        try:
            return made, self._handle_output(output, value, metadata, made, is_one=True)
        except StaleAttemptError:
            raise
        except Exception as error:
            self.context.fail_partition(partition, error)
            return IndexSet(), None

    def begin(self, mapping_key: str) -> None:
        """The op is called for the next value of a dynamic output."""
        self.mapping_key = mapping_key
        self.produced.clear()

    def _note_key(self, output: OpOutput, mapping_key: str | None) -> None:
        if mapping_key is None:
            if output.is_dynamic:
                raise StepFailedError(
                    f"'{self.definition.op.name}' gave output '{output.name}', which is dynamic, as one value; yield a "
                    "DynamicOutput for each."
                )
            return
        keys = self.keys.setdefault(output.name, {})
        if mapping_key in keys:
            raise StepFailedError(f"'{self.definition.op.name}' gave mapping key '{mapping_key}' twice; give it once.")
        keys[mapping_key] = None

    def dynamic_keys(self) -> dict[str, tuple[str, ...]]:
        """Mapping keys of each dynamic output."""
        dynamic = (output.name for output in self.definition.op.outputs if output.is_dynamic)
        return {name: tuple(self.keys.get(name, ())) for name in dynamic}

    def write_keys(self, is_mapped: bool) -> None:
        """Record which values the dynamic outputs have, and the outputs of an op that is mapped over some."""
        for output in self.definition.op.outputs:
            if is_mapped or output.is_dynamic:
                write_keys(
                    self.session,
                    self.task.run_id,
                    self.task.step_key,
                    output,
                    list(self.keys.get(output.name, ())),
                    fence=self.task.fence,
                    guard=self.guard,
                )

    def _warn_of_unselected(self, output: OpOutput) -> None:
        """An op of a graph gave an asset that was not selected, because the output is not optional."""
        if str(output.key) in self.task.plan_node.assets:
            return
        told = (
            f"Asset '{output.key}' was not selected, and is materialized all the same: '{self.definition.op.name}' "
            f"gives output '{output.name}' always. Make it optional (Out(is_required=False)), and give it only when "
            "context.selected_output_names has it."
        )
        self._event(EventType.LOG, output.key, {"level": "WARNING"}, told)

    def _handle_output(
        self,
        output: OpOutput,
        value: Any,
        metadata: Mapping[str, MetadataValue],
        made: IndexSet,
        *,
        is_one: bool = False,
    ) -> Mapping[str, MetadataValue]:
        is_by_partition = not is_one and self.parts.is_by_partition(value)
        context = self._output_context(output, metadata, self.parts.keys_of(made), is_by_partition)
        returned: Any = self.session.io_manager(output.io_manager_key).handle_output(context, value)
        for event in context.consume_events():
            self.note(event)
        return {**context.consume_logged_metadata(), **self._returned_metadata(output, returned)}

    def _returned_metadata(self, output: OpOutput, returned: Any) -> Mapping[str, MetadataValue]:
        if returned is None:
            return {}
        if inspect.isgenerator(returned):
            given = [self._returned_metadata(output, item) for item in returned]
            return {name: value for metadata in given for name, value in metadata.items()}
        if isinstance(returned, Mapping):
            return normalize_metadata(returned)
        if isinstance(returned, AssetMaterialization):
            self.note(returned)
            return {}
        raise StepFailedError(
            f"handle_output of I/O manager '{output.io_manager_key}' returned {type(returned).__name__} for output "
            f"'{output.name}'; it returns nothing, a dict of metadata, or an AssetMaterialization, or yields them."
        )

    def _output_context(
        self,
        output: OpOutput,
        metadata: Mapping[str, MetadataValue],
        partition_keys: list[str] | None,
        is_by_partition: bool,
    ) -> OutputContext:
        task, op = self.task, self.definition.op
        return OutputContext(
            name=output.name,
            run_id=task.run_id,
            is_by_partition=is_by_partition,
            partitions_def=task.plan_node.partitions_def,
            definition_metadata=output.spec.metadata,
            annotation=output.annotation,
            config=output_config(self.session.defs, op.name, output, op_section(self.definition, task.run_config)),
            resource_config=self.session.resource_config(output.io_manager_key),
            resources=self.context.resources,
            log=self.context.log,
            op_def=op,
            job_name=self.session.job_name,
            step_key=task.step_key,
            output_metadata=metadata,
            fence=task.fence,
            guard=self.guard,
            mapping_key=self.given_key,
            **place_of(self.session, task, output, partition_keys),
        )

    def _materialized(
        self,
        output: OpOutput,
        metadata: Mapping[str, MetadataValue],
        data_version: str | None,
        tags: Mapping[str, str],
        made: IndexSet,
    ) -> None:
        """One event for the whole step, or for each range of partitions that were made."""
        if self.task.partition_range is None or made == IndexSet.range(*self.task.partition_range):
            self._materialized_part(output, metadata, data_version, tags, made, None)
            return
        for span in made.ranges:
            self._materialized_part(output, metadata, data_version, tags, IndexSet.range(*span), span)

    def _materialized_part(
        self,
        output: OpOutput,
        metadata: Mapping[str, MetadataValue],
        data_version: str | None,
        tags: Mapping[str, str],
        made: IndexSet,
        span: tuple[int, int] | None,
    ) -> None:
        data: dict[str, Any] = {"metadata": plain(metadata)}
        if output.spec.code_version:
            data["code_version"] = output.spec.code_version
        marks, versions = StepVersions(self.session, self.task, self.marks).made(output.key, data_version, made)
        data.update(versions)
        if tags:
            data["tags"] = dict(tags)
        by_partition = self.context.partition_metadata.get(str(output.key), {})
        own = by_partition if span is None else set(self.parts.keys_of(made) or ()) & set(by_partition)
        if own:
            data["partition_metadata"] = {key: plain(normalize_metadata(by_partition[key])) for key in own}
        self._event(EventType.ASSET_MATERIALIZATION, output.key, data, marks=marks, partition=span)

    def note(self, item: Any) -> None:
        """Record an event that the op made itself, by yielding it or through `context.log_event`.

        Raises:
            StepFailedError: It is none.
        """
        if isinstance(item, AssetCheckEvaluation):
            self._record_evaluation(item)
        elif isinstance(item, ExpectationResult):
            data = {"success": item.success, "label": item.label, "metadata": plain(item.metadata)}
            self._event(EventType.STEP_EXPECTATION_RESULT, None, data, item.description)
        elif isinstance(item, AssetMaterialization | AssetObservation):
            made = isinstance(item, AssetMaterialization)
            kind = EventType.ASSET_MATERIALIZATION if made else EventType.ASSET_OBSERVATION
            data = {"metadata": plain(item.metadata), "tags": dict(item.tags), "is_logged": True}
            if item.partition is not None:
                data["partition"] = item.partition
            self._event(kind, item.asset_key, data, item.description)
        else:
            raise StepFailedError(f"{type(item).__name__} cannot be logged as an event.")

    def _observe(self, result: ObserveResult) -> None:
        key = result.asset_key or self._only_observed()
        data: dict[str, Any] = {"metadata": plain(normalize_metadata(result.metadata))}
        marks: tuple[VersionMark, ...] = ()
        if result.data_version:
            data["data_version"] = result.data_version.value
            marks = (observed_mark(result.data_version.value),) * self.task.partition_count
        if result.tags:
            data["tags"] = dict(result.tags)
        self._event(EventType.ASSET_OBSERVATION, key, data, marks=marks)
        self.observed.add(key)
        for check in result.check_results:
            self._evaluate(check, key)

    def _observe_versions(self, found: DataVersion | DataVersionsByPartition) -> None:
        if isinstance(found, DataVersion):
            self._observe(ObserveResult(data_version=found))
            return
        key = self._only_observed()
        for partition, version in found.data_versions_by_partition.items():
            text = version.value if isinstance(version, DataVersion) else str(version)
            told = {"metadata": {}, "data_version": text, "partition": partition}
            self._event(EventType.ASSET_OBSERVATION, key, told, marks=(observed_mark(text),))
            self.observed.add(key)

    def _only_observed(self) -> AssetKey:
        keys = sorted(self.definition.keys)
        if len(keys) != 1:
            raise StepFailedError(f"'{self.definition.op.name}' observes {len(keys)} assets; give asset_key.")
        return keys[0]

    def _evaluate(self, result: AssetCheckResult, asset_key: AssetKey | None = None) -> None:
        wanted = result.asset_key or asset_key
        specs = [
            spec
            for spec in self.definition.check_specs
            if (wanted is None or spec.asset_key == wanted) and result.check_name in (None, spec.name)
        ]
        if len(specs) != 1:
            known = ", ".join(f"'{spec.key}'" for spec in self.definition.check_specs) or "none"
            raise StepFailedError(
                f"'{self.definition.op.name}' gave a result for check '{result.check_name or ''}', which does not name "
                f"one of its checks ({known}); give asset_key and check_name."
            )
        spec = specs[0]
        if spec.key in self.evaluations:
            raise StepFailedError(f"'{self.definition.op.name}' gave two results for check '{spec.key}'; give one.")
        if self.session.tells_all:
            self._event(EventType.STEP_OUTPUT, None, {"output": self._output_of_check(spec)})
        self._record_evaluation(
            AssetCheckEvaluation(
                spec.asset_key,
                spec.name,
                result.passed,
                result.metadata,
                result.severity,
                result.description,
                spec.blocking,
            )
        )

    def _output_of_check(self, spec: AssetCheckSpec) -> str:
        """The name that Dagster gives the output by which an op tells of a check."""
        name = f"{spec.asset_key.to_python_identifier()}_{spec.name}"
        return (
            "result" if isinstance(self.definition, AssetChecksDefinition) and self.definition.op.name == name else name
        )

    def _record_evaluation(self, evaluation: AssetCheckEvaluation) -> None:
        self.evaluations[evaluation.asset_check_key] = evaluation
        data = {
            "check_name": evaluation.check_name,
            "passed": evaluation.passed,
            "severity": evaluation.severity.value,
            "blocking": evaluation.blocking,
            "metadata": plain(evaluation.metadata),
        }
        partition = evaluation.partition or self._checked_partition()
        if partition is not None:
            data["partition"] = partition
        told = f"check '{evaluation.check_name}' {'passed' if evaluation.passed else 'failed'}"
        message = f"{told}: {evaluation.description}" if evaluation.description else told
        self._event(EventType.ASSET_CHECK_EVALUATION, evaluation.asset_key, data, message)

    def _checked_partition(self) -> str | None:
        """The one partition of a check that has partitions itself."""
        is_check = isinstance(self.definition, AssetChecksDefinition)
        return self.context.partition_key if is_check and self.context.has_partition_key else None

    def _finish(self) -> None:
        op = self.definition.op
        self.parts.close()
        if self.parts.is_lost:
            self.parts.refuse_failed()
        missing = [o for o in required_outputs(self.definition, self.task) if o.name not in self.produced]
        if missing:
            raise StepFailedError(
                f"'{op.name}' did not give output '{missing[0].name}' of asset '{missing[0].key}', which is required. "
                "Yield it, or set output_required=False."
            )
        self._refuse_unobserved()
        for key in self._expected_checks():
            if key not in self.evaluations:
                raise StepFailedError(f"'{op.name}' gave no result for check '{key}'. Return or yield one.")
        self._stop_at(self.evaluations.values())
        self.parts.refuse_failed()

    def _refuse_unobserved(self) -> None:
        definition = self.definition
        is_whole = isinstance(definition, ObservableSourceAsset) and not definition.can_subset
        missing = sorted(definition.keys - self.observed) if is_whole else ()
        if missing:
            raise StepFailedError(
                f"'{definition.op.name}' gave no observation of '{missing[0]}'; give an ObserveResult or a "
                "DataVersion of each asset, or set can_subset=True."
            )

    def _expected_checks(self) -> list[AssetCheckKey]:
        if isinstance(self.definition, AssetChecksDefinition):
            if self.definition.can_subset:
                return []
            return [AssetCheckKey.from_user_string(text) for text in self.task.plan_node.checks]
        wanted = self.task.plan_node.checks if self.definition.can_subset else None
        specs = [spec for spec in self.definition.check_specs if wanted is None or str(spec.key) in wanted]
        return [spec.key for spec in specs if self.produced or self.observed]

    def _stop_at(self, evaluations: Iterable[AssetCheckEvaluation]) -> None:
        bad = [e for e in evaluations if e.blocking and not e.passed and e.severity is AssetCheckSeverity.ERROR]
        if bad:
            names = ", ".join(f"'{e.asset_check_key}'" for e in bad)
            raise CheckFailedError(f"Blocking check {names} failed; what reads the asset does not run.")

    def _event(
        self,
        kind: EventType,
        key: AssetKey | None,
        data: Mapping[str, Any],
        message: str | None = None,
        marks: tuple[VersionMark, ...] = (),
        partition: tuple[int, int] | None = None,
    ) -> None:
        asset = None if key is None else str(key)
        self.events.append(
            StepEvent(kind, now_ms(), asset=asset, partition=partition, message=message, data=data, marks=marks)
        )
