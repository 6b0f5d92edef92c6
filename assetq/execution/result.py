"""How a run in this process went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import (
    AssetCheckEvaluation,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    Definitions,
    ExpectationResult,
    OpInput,
)
from assetq.definitions.asset_dep import AssetIn
from assetq.errors import UsageError
from assetq.execution.event import Event, EventType
from assetq.execution.event_view import StepFailureData
from assetq.execution.inputs import load_input
from assetq.execution.local_run import LocalRun
from assetq.execution.node_output import NodeOutputs
from assetq.execution.record import RunRecord, RunStatus
from assetq.execution.session import ExecutionSession
from assetq.execution.task import StepTask


@dataclass(slots=True, weakref_slot=True)
class ExecuteInProcessResult:
    """How a run in this process went. Mirrors Dagster's `ExecuteInProcessResult`."""

    run: LocalRun
    defs: Definitions
    session: ExecutionSession
    outputs: Mapping[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @property
    def success(self) -> bool:
        """True when every step succeeded or was skipped by choice."""
        return self.run.status is RunStatus.SUCCESS

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.run.run_id

    @property
    def dagster_run(self) -> RunRecord:
        """The run's record."""
        return self.run.record()

    @property
    def all_events(self) -> list[Event]:
        """Everything that happened, in order."""
        return list(self.run.events)

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return self.all_events

    @property
    def all_node_events(self) -> list[Event]:
        """Everything that happened in steps, in order."""
        return [event for event in self.run.events if event.step_key]

    def filter_events(self, event_filter: Callable[[Event], bool]) -> list[Event]:
        """The events for which a function says yes."""
        return [event for event in self.run.events if event_filter(event)]

    def events_for_node(self, node_name: str) -> list[Event]:
        """What happened in the steps of one op."""
        return self.filter_events(lambda event: event.node_name == node_name)

    def _of(self, *kinds: EventType) -> list[Event]:
        return self.filter_events(lambda event: event.type in kinds)

    def get_asset_materialization_events(self) -> list[Event]:
        """The materializations, in order."""
        return self._of(EventType.ASSET_MATERIALIZATION)

    def get_asset_observation_events(self) -> list[Event]:
        """The observations, in order."""
        return self._of(EventType.ASSET_OBSERVATION)

    def get_asset_check_evaluations(self) -> list[AssetCheckEvaluation]:
        """What checks found, in order."""
        return [event.asset_check_evaluation_data for event in self._of(EventType.ASSET_CHECK_EVALUATION)]

    def get_step_success_events(self) -> list[Event]:
        """The successes of steps, in order."""
        return self._of(EventType.STEP_SUCCESS)

    def get_step_failure_events(self) -> list[Event]:
        """The failures of steps, in order."""
        return self._of(EventType.STEP_FAILURE)

    def get_step_skipped_events(self) -> list[Event]:
        """The steps that were skipped, in order."""
        return self._of(EventType.STEP_SKIPPED)

    def get_run_success_event(self) -> Event:
        """The event of the run's success.

        Raises:
            UsageError: It did not succeed.
        """
        return self._one(EventType.RUN_SUCCESS)

    def get_run_failure_event(self) -> Event:
        """The event of the run's failure.

        Raises:
            UsageError: It did not fail.
        """
        return self._one(EventType.RUN_FAILURE)

    def _one(self, kind: EventType) -> Event:
        found = self._of(kind)
        if not found:
            raise UsageError(f"Run {self.run_id} has no event {kind}: it ended with {self.run.status}.")
        return found[0]

    def get_failed_step_keys(self) -> set[str]:
        """Steps that failed."""
        return {event.step_key for event in self.get_step_failure_events() if event.step_key}

    def asset_materializations_for_node(self, node_name: str) -> Sequence[AssetMaterialization]:
        """The materializations of one op."""
        return [e.materialization for e in self.get_asset_materialization_events() if e.node_name == node_name]

    def asset_observations_for_node(self, node_name: str) -> Sequence[AssetObservation]:
        """The observations of one op."""
        return [e.asset_observation for e in self.get_asset_observation_events() if e.node_name == node_name]

    def expectation_results_for_node(self, node_name: str) -> Sequence[ExpectationResult]:
        """The expectations of one op."""
        events = self._of(EventType.STEP_EXPECTATION_RESULT)
        return [e.step_expectation_result_data for e in events if e.node_name == node_name]

    def failure_data_for_node(self, node_name: str) -> StepFailureData | None:
        """How an op failed; None when it did not."""
        found = [e for e in self.get_step_failure_events() if e.node_name == node_name]
        return found[0].step_failure_data if found else None

    def is_node_success(self, node_name: str) -> bool:
        """True when a step of the op succeeded."""
        return any(e.node_name == node_name for e in self.get_step_success_events())

    def is_node_failed(self, node_name: str) -> bool:
        """True when a step of the op failed."""
        return any(e.node_name == node_name for e in self.get_step_failure_events())

    def is_node_skipped(self, node_name: str) -> bool:
        """True when a step of the op was skipped."""
        return any(e.node_name == node_name for e in self.get_step_skipped_events())

    def is_node_untouched(self, node_name: str) -> bool:
        """True when no step of the op was begun or skipped."""
        return not self.events_for_node(node_name)

    def retry_attempts_for_node(self, node_name: str) -> int:
        """How often an op was tried again."""
        return sum(e.node_name == node_name for e in self._of(EventType.STEP_UP_FOR_RETRY))

    def output_for_node(self, node_name: str, output_name: str = "result") -> Any:
        """What an op gave as an output; of one that stored its asset itself, None.

        Raises:
            UsageError: There is no such op or output, or the op did not give it.
        """
        if (node_name, output_name) in self.outputs:
            return self.outputs[node_name, output_name]
        return NodeOutputs(self.run, self.defs, self.session).value(node_name, output_name)

    def output_value(self, output_name: str = "result") -> Any:
        """The output of the run's graph, or of its one op.

        Raises:
            UsageError: There are several ops.
        """
        nodes = self.run.plan.nodes
        graph = self.defs.job_graph
        if graph is not None:
            return NodeOutputs(self.run, self.defs, self.session).graph_value(graph, output_name)
        if len(nodes) != 1:
            raise UsageError(f"The run has {len(nodes)} ops; name one: output_for_node(...).")
        return self.output_for_node(nodes[0].name, output_name)

    def asset_value(self, asset_key: Any) -> Any:
        """What the run made of an asset; of several partitions, the last.

        Raises:
            UsageError: The run did not make it.
        """
        key = AssetKey.from_coercible(asset_key)
        definition = self.defs.get_assets_def(key)
        node = self.run.plan.node_for_asset(str(key))
        if node is None or not any(event.asset == str(key) for event in self.get_asset_materialization_events()):
            raise UsageError(f"Asset '{key}' was not materialized in this run; Definitions.load_asset_value loads it.")
        output = self.defs.get_op(node.name).op.output_for(key)
        if output is not None and (node.name, output.name) in self.outputs:
            return self.outputs[node.name, output.name]
        task = StepTask(self.run_id, self.run.plan, node.index, node.steps.last)
        return load_input(self.session, task, definition, OpInput("value", key, None, AssetIn(key=key)), []).value
