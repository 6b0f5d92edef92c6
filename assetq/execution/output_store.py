"""Hands the outputs of an attempt to their I/O managers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetMaterialization, MetadataValue
from assetq.definitions.metadata import normalize_metadata
from assetq.errors import StaleAttemptError, StepFailedError
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.given_output import GivenOutput
from assetq.execution.io_config import output_config
from assetq.execution.op_section import op_section
from assetq.execution.partition_account import PartitionAccount
from assetq.execution.placing import place_of
from assetq.io import OutputContext


@dataclass(frozen=True, slots=True)
class OutputStore:
    """Stores the outputs of one attempt.

    Attributes:
        parts: Which partitions were made and which failed.
        note: Takes the events that I/O managers log.
    """

    scope: AttemptScope
    parts: PartitionAccount
    note: Callable[[Any], None]

    def store(self, given: GivenOutput) -> Mapping[str, MetadataValue] | None:
        """Store what was given; one partition of several that cannot be stored fails alone.

        Returns:
            Metadata that its I/O manager recorded; None when nothing was stored, and so nothing is made.

        Raises:
            StaleAttemptError: The attempt was overtaken.
            StepFailedError: The I/O manager returned what it must not.
        """
        if not given.made:
            return None
        if given.partition is None:
            return self._handle(given, self.parts.kept(given.value))
        try:
            return self._handle(given, given.value)
        except StaleAttemptError:
            raise
        except Exception as error:
            self.scope.context.fail_partition(given.partition, error)
            return None

    def _handle(self, given: GivenOutput, value: Any) -> Mapping[str, MetadataValue]:
        context = self._context(given, given.partition is None and self.parts.is_by_partition(value))
        manager = self.scope.session.io_manager(given.output.io_manager_key)
        returned: Any = manager.handle_output(context, value)
        for event in context.consume_events():
            self.note(event)
        return {**context.consume_logged_metadata(), **self._returned_metadata(given, returned)}

    def _returned_metadata(self, given: GivenOutput, returned: Any) -> Mapping[str, MetadataValue]:
        if returned is None:
            return {}
        if inspect.isgenerator(returned):
            yielded = [self._returned_metadata(given, item) for item in returned]
            return {name: value for metadata in yielded for name, value in metadata.items()}
        if isinstance(returned, Mapping):
            return normalize_metadata(returned)
        if isinstance(returned, AssetMaterialization):
            self.note(returned)
            return {}
        output = given.output
        raise StepFailedError(
            f"handle_output of I/O manager '{output.io_manager_key}' returned {type(returned).__name__} for output "
            f"'{output.name}'; it returns nothing, a dict of metadata, or an AssetMaterialization, or yields them."
        )

    def _context(self, given: GivenOutput, is_by_partition: bool) -> OutputContext:
        scope, output = self.scope, given.output
        session, task, op = scope.session, scope.task, scope.op
        return OutputContext(
            name=output.name,
            run_id=task.run_id,
            is_by_partition=is_by_partition,
            partitions_def=task.plan_node.partitions_def,
            definition_metadata=output.spec.metadata,
            annotation=output.annotation,
            config=output_config(session.defs, op.name, output, op_section(scope.definition, task.run_config)),
            resource_config=session.resource_config(output.io_manager_key),
            resources=scope.context.resources,
            log=scope.context.log,
            op_def=op,
            job_name=session.job_name,
            step_key=task.step_key,
            output_metadata=given.metadata,
            fence=task.fence,
            guard=scope.guard,
            mapping_key=given.mapping_key,
            **place_of(session, task, output, self.parts.keys_of(given.made)),
        )
