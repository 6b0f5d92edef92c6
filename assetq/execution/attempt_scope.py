"""What belongs to one attempt at a step, for all that take what its op gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetKey, AssetsDefinition, Op
from assetq.execution.context import ExecutionContext
from assetq.execution.data_version import VersionMark
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.session import ExecutionSession
from assetq.execution.task import Guard, StepTask


@dataclass(frozen=True, slots=True)
class AttemptScope:
    """One attempt: which step, in which session, with which context.

    Attributes:
        guard: Raises when the attempt was overtaken.
        definition: The op with its assets and checks.
        events: What the attempt has reported so far; whoever takes something adds to them.
    """

    session: ExecutionSession
    task: StepTask
    guard: Guard
    definition: AssetsDefinition
    context: ExecutionContext
    events: list[StepEvent]

    @property
    def op(self) -> Op:
        """The computation."""
        return self.definition.op

    def tell(
        self,
        kind: EventType,
        key: AssetKey | None,
        data: Mapping[str, Any],
        message: str | None = None,
        marks: tuple[VersionMark, ...] = (),
        partition: tuple[int, int] | None = None,
    ) -> None:
        """Add an event of this moment; `key` is the asset that it is about."""
        asset = None if key is None else str(key)
        self.events.append(
            StepEvent(kind, now_ms(), asset=asset, partition=partition, message=message, data=data, marks=marks)
        )
