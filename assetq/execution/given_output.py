"""One output as an op gave it, with what came beside the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import MaterializeResult, MetadataValue, OpOutput, Output
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.output import NO_VALUE
from assetq.partitions import IndexSet


@dataclass(frozen=True, slots=True)
class GivenOutput:
    """One output that was given: whole, or one partition of it, or one of the values of a dynamic one.

    Attributes:
        output: Which output.
        made: The partitions that it makes; {0} for an asset without.
        value: What is to be stored; `NO_VALUE` when the op stores it itself.
        metadata: What is recorded with it.
        data_version: What the op says that it is.
        partition: The key of the one partition, when it was given for one alone.
        mapping_key: The key of the one value, when the output is dynamic.
    """

    output: OpOutput
    made: IndexSet
    value: Any
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    data_version: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    partition: str | None = None
    mapping_key: str | None = None

    @classmethod
    def of(cls, output: OpOutput, item: Any, made: IndexSet, mapping_key: str | None) -> GivenOutput:
        """What a result, or a bare value, gives."""
        if not isinstance(item, Output | MaterializeResult):
            return cls(output, made, item, mapping_key=mapping_key)
        version = item.data_version.value if item.data_version else None
        metadata = normalize_metadata(item.metadata)
        return cls(output, made, item.value, metadata, version, item.tags or {}, item.partition, mapping_key)

    @property
    def has_value(self) -> bool:
        """True when there is a value to store."""
        return self.value is not NO_VALUE and not self.output.is_nothing

    @property
    def plain_value(self) -> Any:
        """The value, for hooks and results; None when the op stores it itself."""
        return None if self.value is NO_VALUE else self.value
