"""What a step can look up beyond its own arguments: other assets' partitions and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetKey, AssetsDefinition, OpInput
from assetq.definitions.asset_dep import AssetIn
from assetq.errors import UsageError
from assetq.execution.load import load_value
from assetq.execution.session import ExecutionSession
from assetq.execution.task import StepTask
from assetq.execution.upstream import upstream_read
from assetq.partitions import PartitionsDefinition


@dataclass(frozen=True, slots=True)
class StepReach:
    """Looks up other assets for one step."""

    session: ExecutionSession
    task: StepTask
    definition: AssetsDefinition

    def upstream_keys(self, key: AssetKey, input_name: str) -> list[str]:
        """Keys of the upstream partitions that the step reads.

        Raises:
            UsageError: The upstream asset is not partitioned.
        """
        found = upstream_read(self.session, self.task, self.definition, self._input(key, input_name)).partition_keys
        if found is None:
            raise UsageError(f"Asset '{key}' of input '{input_name}' is not partitioned.")
        return found

    def _input(self, key: AssetKey, name: str) -> OpInput:
        for op_input in self.definition.op.inputs:
            if op_input.name == name:
                return op_input
        dep = next(dep for dep in self.definition.deps if dep.asset_key == key)
        return OpInput(name, key, None, AssetIn(key=key, partition_mapping=dep.partition_mapping))

    def upstream_partitions_def(self, key: AssetKey) -> PartitionsDefinition:
        """How an upstream asset is partitioned.

        Raises:
            UsageError: It is not.
        """
        found: PartitionsDefinition | None = self.session.defs.graph.get(key).partitions_def
        if found is None:
            raise UsageError(f"Asset '{key}' is not partitioned.")
        return found

    def load_asset_value(self, key: Any, python_type: Any, partition_key: str | None) -> Any:
        """The stored value of an asset."""
        return load_value(self.session, key, python_type=python_type, partition_key=partition_key)
