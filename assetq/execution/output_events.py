"""What the log is told of an op's outputs: that they were given, checked, stored, and which assets they made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetKey, MetadataValue
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.type_check import PASSED, TypeCheck, TypeCheckError
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.data_version import VersionMark
from assetq.execution.declared_type import check_output
from assetq.execution.event import EventType
from assetq.execution.event_detail import plain_check, plain_metadata
from assetq.execution.given_output import GivenOutput
from assetq.execution.input_cache import Marks
from assetq.execution.partition_account import PartitionAccount
from assetq.execution.placing import is_stored_as_asset
from assetq.execution.step_versions import StepVersions
from assetq.partitions import IndexSet


@dataclass(frozen=True, slots=True)
class OutputEvents:
    """Tells of the outputs of one attempt.

    Attributes:
        parts: Which partitions were made and which failed.
        marks: Asset -> data versions of what was made so far, and of kept values that were read.
    """

    scope: AttemptScope
    parts: PartitionAccount
    marks: dict[str, dict[int, VersionMark | None]] = field(default_factory=dict)

    def note_read(self, key: AssetKey, marks: Marks) -> None:
        """A kept value of an asset was read, under these data versions: they are what the record names."""
        if marks:
            self.marks.setdefault(str(key), {}).update(marks)

    def checked(self, given: GivenOutput) -> None:
        """Tell that an output was given, and what the check of its type found.

        Raises:
            TypeCheckError: The value is not what is declared; that is told, too.
        """
        try:
            found = check_output(given.output, given.value, self.scope.context, self.scope.op.name)
        except TypeCheckError as error:
            self.given(given, error.check)
            raise
        self.given(given, found)

    def given(self, given: GivenOutput, check: TypeCheck = PASSED) -> None:
        """Tell that an output was given, where all is told, or where nothing else tells what there is to say."""
        is_silent = check.success and not check.metadata
        is_told_elsewhere = not given.metadata or self._makes_asset(given)
        if is_silent and is_told_elsewhere and not self.scope.session.tells_all:
            return
        told = _named(given)
        if given.metadata:
            told["metadata"] = plain_metadata(given.metadata)
        if not is_silent:
            told["type_check"] = plain_check(check)
        self.scope.tell(EventType.STEP_OUTPUT, None, told, check.description)

    def stored(self, given: GivenOutput, metadata: Mapping[str, MetadataValue]) -> None:
        """Tell that an output was stored; `metadata` is what its I/O manager recorded."""
        told = {**_named(given), "io_manager_key": given.output.io_manager_key}
        key = given.output.key if self._makes_asset(given) else None
        if metadata and (key is None or self.scope.session.tells_all):
            told["metadata"] = plain_metadata(metadata)
        self.scope.tell(EventType.HANDLED_OUTPUT, key, told)

    def materialized(self, given: GivenOutput) -> None:
        """Tell that an output made its asset, if it did: once for the step, or for each range of partitions made."""
        if not self._makes_asset(given):
            return
        self._warn_of_unselected(given)
        span = self.scope.task.partition_range
        if span is None or given.made == IndexSet.range(*span):
            self._materialized_part(given, given.made, None)
            return
        for span in given.made.ranges:
            self._materialized_part(given, IndexSet.range(*span), span)

    def _makes_asset(self, given: GivenOutput) -> bool:
        return is_stored_as_asset(self.scope.task.plan_node, given.output)

    def _warn_of_unselected(self, given: GivenOutput) -> None:
        """An op of a graph gave an asset that was not selected, because the output is not optional."""
        output = given.output
        if str(output.key) in self.scope.task.plan_node.assets:
            return
        told = (
            f"Asset '{output.key}' was not selected, and is materialized all the same: '{self.scope.op.name}' "
            f"gives output '{output.name}' always. Make it optional (Out(is_required=False)), and give it only when "
            "context.selected_output_names has it."
        )
        self.scope.tell(EventType.LOG, output.key, {"level": "WARNING"}, told)

    def _materialized_part(self, given: GivenOutput, made: IndexSet, span: tuple[int, int] | None) -> None:
        output, scope = given.output, self.scope
        data: dict[str, Any] = {"metadata": plain_metadata(given.metadata)}
        if output.spec.code_version:
            data["code_version"] = output.spec.code_version
        version = scope.context.data_versions.get(str(output.key)) or given.data_version
        marks, versions = StepVersions(scope.session, scope.task, self.marks).made(output.key, version, made)
        data.update(versions)
        if given.tags:
            data["tags"] = dict(given.tags)
        own = self._partition_metadata(given, made, span)
        if own:
            data["partition_metadata"] = own
        scope.tell(EventType.ASSET_MATERIALIZATION, output.key, data, marks=marks, partition=span)

    def _partition_metadata(
        self, given: GivenOutput, made: IndexSet, span: tuple[int, int] | None
    ) -> dict[str, dict[str, Any]]:
        """Metadata that belongs to single partitions of a range that was made."""
        known = self.scope.context.partition_metadata.get(str(given.output.key), {})
        own = known if span is None else self.parts.keys_of(made) or ()
        return {key: plain_metadata(normalize_metadata(known[key])) for key in known if key in own}


def _named(given: GivenOutput) -> dict[str, Any]:
    """How events name an output."""
    key = {} if given.mapping_key is None else {"mapping_key": given.mapping_key}
    return {"output": given.output.name, **key}
