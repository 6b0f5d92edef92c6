"""Details of the events of a step's inputs and outputs, under the names that Dagster's have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import MetadataValue
from assetq.definitions.type_check import TypeCheck


@dataclass(frozen=True, slots=True)
class StepOutputHandle:
    """Which output of which step; `mapping_key` of a dynamic one."""

    step_key: str
    output_name: str
    mapping_key: str | None = None


@dataclass(frozen=True, slots=True)
class TypeCheckData:
    """What the check of a value's type found; `label` is the name of the input or output."""

    success: bool
    label: str
    description: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepOutputData:
    """Details of an event that tells that an op gave an output."""

    step_output_handle: StepOutputHandle
    type_check_data: TypeCheckData
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)

    @property
    def output_name(self) -> str:
        """Name of the output."""
        return self.step_output_handle.output_name

    @property
    def mapping_key(self) -> str | None:
        """Which value of a dynamic output."""
        return self.step_output_handle.mapping_key


@dataclass(frozen=True, slots=True)
class StepInputData:
    """Details of an event that tells that an op was given an input."""

    input_name: str
    type_check_data: TypeCheckData


@dataclass(frozen=True, slots=True)
class HandledOutputData:
    """Details of an event that tells of a stored output."""

    output_name: str
    manager_key: str
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadedInputData:
    """Details of an event that tells of a loaded input; where it came from, if this run made it."""

    input_name: str
    manager_key: str | None
    upstream_output_name: str | None = None
    upstream_step_key: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)


def plain_metadata(metadata: Mapping[str, MetadataValue]) -> dict[str, Any]:
    """Metadata as events carry it."""
    return {name: value.to_json() for name, value in metadata.items()}


def plain_check(check: TypeCheck) -> dict[str, Any]:
    """A check as events carry it; one that passed without a word carries nothing."""
    told = {
        "success": None if check.success else False,
        "description": check.description,
        "metadata": plain_metadata(check.metadata) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def read_metadata(data: Mapping[str, Any]) -> dict[str, MetadataValue]:
    """Metadata of an event's details."""
    return {name: MetadataValue.from_json(value) for name, value in data.get("metadata", {}).items()}


def read_check(data: Mapping[str, Any], label: str) -> TypeCheckData:
    """The check of an event's details."""
    told = data.get("type_check", {})
    return TypeCheckData(told.get("success", True), label, told.get("description"), read_metadata(told))


def read_detail(kind: str, step_key: str | None, data: Mapping[str, Any]) -> Any:
    """Details of an event of an input or output; None for another kind."""
    metadata = read_metadata(data)
    if kind == "STEP_OUTPUT":
        handle = StepOutputHandle(str(step_key), data["output"], data.get("mapping_key"))
        return StepOutputData(handle, read_check(data, handle.output_name), metadata)
    if kind == "STEP_INPUT":
        return StepInputData(data["input"], read_check(data, data["input"]))
    if kind == "HANDLED_OUTPUT":
        return HandledOutputData(data["output"], data["io_manager_key"], metadata)
    if kind == "LOADED_INPUT":
        upstream = data.get("upstream_output"), data.get("upstream_step")
        return LoadedInputData(data["input"], data["io_manager_key"], *upstream, metadata)
    return None
