"""What an event tells, under the names that Dagster's events have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from assetq.definitions import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    DataProvenance,
    DataVersion,
    ExpectationResult,
    MetadataValue,
)
from assetq.execution.event_detail import StepInputData, StepOutputData, read_detail, read_metadata

if TYPE_CHECKING:
    from assetq.execution.event import EventType

Detail = TypeVar("Detail")

CODE_VERSION_TAG, DATA_VERSION_TAG = "dagster/code_version", "dagster/data_version"
INPUT_VERSION_TAG = "dagster/input_data_version/"


@dataclass(frozen=True, slots=True)
class StepMaterializationData:
    """Details of a materialization event."""

    materialization: AssetMaterialization


@dataclass(frozen=True, slots=True)
class AssetObservationData:
    """Details of an observation event."""

    asset_observation: AssetObservation


@dataclass(frozen=True, slots=True)
class RecordedError:
    """An error as it was recorded; `cause` is itself, since the user's error is what is recorded."""

    cls_name: str
    message: str
    stack: str = ""

    @property
    def cause(self) -> RecordedError:
        """The user's error."""
        return self

    def to_string(self) -> str:
        """The stack, else the message."""
        return self.stack or f"{self.cls_name}: {self.message}"


@dataclass(frozen=True, slots=True)
class UserFailureData:
    """What an op told when it raised `Failure`."""

    description: str | None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    label: str = "intentional-failure"


@dataclass(frozen=True, slots=True)
class StepFailureData:
    """Details of a failure event; `user_failure_data` is there when the op raised `Failure`."""

    error: RecordedError
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    user_failure_data: UserFailureData | None = None

    @property
    def error_display_string(self) -> str:
        """The error, for people."""
        return self.error.to_string()


class EventView:
    """Properties of an event that read as Dagster's do."""

    __slots__ = ()

    if TYPE_CHECKING:
        type: EventType
        timestamp_ms: int
        asset: str | None
        partition: str | None
        step_key: str | None
        message: str | None
        data: Mapping[str, Any]

    @property
    def dagster_event(self) -> Self:
        """Itself: what Dagster's log entries wrap."""
        return self

    @property
    def is_dagster_event(self) -> bool:
        """True unless it is a line of the log."""
        return self.type != "LOG"

    @property
    def dagster_event_type(self) -> EventType:
        """The kind of event."""
        return self.type

    @property
    def timestamp(self) -> float:
        """Seconds since the epoch."""
        return self.timestamp_ms / 1000

    @property
    def user_message(self) -> str:
        """The message; empty when there is none."""
        return self.message or ""

    @property
    def event_type(self) -> EventType:
        """The kind of event."""
        return self.type

    @property
    def event_type_value(self) -> str:
        """The kind of event, as text."""
        return str(self.type)

    @property
    def node_name(self) -> str | None:
        """Name of the op."""
        return self.step_key.partition("[")[0] if self.step_key else None

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset that it is about."""
        return AssetKey.from_user_string(self.asset) if self.asset else None

    @property
    def metadata(self) -> dict[str, MetadataValue]:
        """Metadata that were recorded with it."""
        return read_metadata(self.data)

    @property
    def is_step_event(self) -> bool:
        """True when it belongs to a step."""
        return self.step_key is not None

    @property
    def is_step_start(self) -> bool:
        """True for the start of an attempt."""
        return self.type == "STEP_START"

    @property
    def is_step_success(self) -> bool:
        """True for a step's success."""
        return self.type == "STEP_SUCCESS"

    @property
    def is_step_failure(self) -> bool:
        """True for a step's failure."""
        return self.type == "STEP_FAILURE"

    @property
    def is_step_skipped(self) -> bool:
        """True for a step that is skipped."""
        return self.type == "STEP_SKIPPED"

    @property
    def is_step_up_for_retry(self) -> bool:
        """True for a failed attempt that another one follows."""
        return self.type == "STEP_UP_FOR_RETRY"

    @property
    def is_failure(self) -> bool:
        """True for a failed step or run."""
        return self.type in ("STEP_FAILURE", "RUN_FAILURE")

    @property
    def is_successful_output(self) -> bool:
        """True when it tells that an op gave an output."""
        return self.type == "STEP_OUTPUT"

    @property
    def step_output_data(self) -> StepOutputData:
        """Details of an event that tells of an output.

        Raises:
            ValueError: It is none.
        """
        return self._detail(StepOutputData, "output of an op")

    @property
    def step_input_data(self) -> StepInputData:
        """Details of an event that tells of an input.

        Raises:
            ValueError: It is none.
        """
        return self._detail(StepInputData, "input of an op")

    def _detail(self, kind: Callable[..., Detail], what: str) -> Detail:
        found = read_detail(str(self.type), self.step_key, self.data)
        if type(found) is not kind:
            raise ValueError(f"{self.type} tells of no {what}.")
        detail: Detail = found
        return detail

    @property
    def is_handled_output(self) -> bool:
        """True when it tells that an I/O manager stored an output."""
        return self.type == "HANDLED_OUTPUT"

    @property
    def is_loaded_input(self) -> bool:
        """True when it tells that an I/O manager loaded an input."""
        return self.type == "LOADED_INPUT"

    @property
    def is_job_success(self) -> bool:
        """True for a run that succeeded."""
        return self.type == "RUN_SUCCESS"

    @property
    def is_job_failure(self) -> bool:
        """True for a run that failed."""
        return self.type == "RUN_FAILURE"

    @property
    def is_run_failure(self) -> bool:
        """True for a failed run."""
        return self.type == "RUN_FAILURE"

    @property
    def is_step_materialization(self) -> bool:
        """True for a materialization."""
        return self.type == "ASSET_MATERIALIZATION"

    @property
    def is_asset_observation(self) -> bool:
        """True for an observation."""
        return self.type == "ASSET_OBSERVATION"

    @property
    def is_asset_check_evaluation(self) -> bool:
        """True for a check's evaluation."""
        return self.type == "ASSET_CHECK_EVALUATION"

    @property
    def is_expectation_result(self) -> bool:
        """True for an expectation."""
        return self.type == "STEP_EXPECTATION_RESULT"

    @property
    def is_hook_event(self) -> bool:
        """True when it tells of a hook."""
        return str(self.type).startswith("HOOK_")

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        """The materialization that it records."""
        if not self.is_step_materialization or self.asset_key is None:
            return None
        return AssetMaterialization(
            self.asset_key,
            description=self.message,
            metadata=self.metadata,
            partition=self.data.get("partition", self.partition),
            tags=self._tags(),
        )

    def _tags(self) -> dict[str, str]:
        tags = dict(self.data.get("tags", {}))
        for name, tag in (("code_version", CODE_VERSION_TAG), ("data_version", DATA_VERSION_TAG)):
            if self.data.get(name):
                tags[tag] = str(self.data[name])
        read = self.data.get("input_data_versions", {})
        return {**tags, **{INPUT_VERSION_TAG + key: str(version) for key, version in read.items()}}

    @property
    def provenance(self) -> DataProvenance:
        """From which code and data the materialization was made."""
        read = self.data.get("input_data_versions", {})
        return DataProvenance(
            self.data.get("code_version"),
            {AssetKey.from_user_string(key): DataVersion(version) for key, version in read.items()},
            is_user_provided=bool(self.data.get("is_user_provided")),
        )

    @property
    def materialization(self) -> AssetMaterialization:
        """The materialization that it records; only of a materialization event."""
        return self.step_materialization_data.materialization

    @property
    def step_materialization_data(self) -> StepMaterializationData:
        """Details of a materialization event.

        Raises:
            ValueError: It is none.
        """
        found = self.asset_materialization
        if found is None:
            raise ValueError(f"{self.type} is no materialization.")
        return StepMaterializationData(found)

    @property
    def asset_observation_data(self) -> AssetObservationData:
        """Details of an observation event.

        Raises:
            ValueError: It is none.
        """
        if not self.is_asset_observation or self.asset_key is None:
            raise ValueError(f"{self.type} is no observation.")
        observation = AssetObservation(
            self.asset_key,
            description=self.message,
            metadata=self.metadata,
            partition=self.data.get("partition", self.partition),
            tags=self._tags(),
        )
        return AssetObservationData(observation)

    @property
    def asset_observation(self) -> AssetObservation:
        """The observation that it records; only of an observation event."""
        return self.asset_observation_data.asset_observation

    @property
    def asset_check_evaluation_data(self) -> AssetCheckEvaluation:
        """The evaluation that it records.

        Raises:
            ValueError: It is none.
        """
        if not self.is_asset_check_evaluation or self.asset_key is None:
            raise ValueError(f"{self.type} is no evaluation of a check.")
        _, _, description = (self.message or "").partition(": ")
        return AssetCheckEvaluation(
            self.asset_key,
            self.data["check_name"],
            self.data["passed"],
            self.metadata,
            AssetCheckSeverity(self.data["severity"]),
            description or None,
            self.data["blocking"],
            self.data.get("partition"),
        )

    @property
    def step_failure_data(self) -> StepFailureData:
        """Details of a failure event.

        Raises:
            ValueError: It is none.
        """
        if not self.is_step_failure:
            raise ValueError(f"{self.type} is no failure of a step.")
        error = self.data.get("error", {})
        recorded = RecordedError(error.get("class_name", ""), error.get("message", ""), error.get("stack", ""))
        metadata = {name: MetadataValue.from_json(value) for name, value in error.get("metadata", {}).items()}
        told = UserFailureData(recorded.message or None, metadata) if error.get("is_failure") else None
        return StepFailureData(recorded, metadata, told)

    @property
    def step_expectation_result_data(self) -> ExpectationResult:
        """The expectation that it records."""
        return ExpectationResult(self.data["success"], self.data.get("label"), self.message, self.metadata)

    @property
    def event_specific_data(self) -> Any:
        """Details, by kind; None for kinds that have none."""
        if self.is_step_materialization:
            return self.step_materialization_data
        if self.is_asset_observation:
            return self.asset_observation_data
        if self.is_asset_check_evaluation:
            return self.asset_check_evaluation_data
        if self.is_step_failure:
            return self.step_failure_data
        return read_detail(str(self.type), self.step_key, self.data)
