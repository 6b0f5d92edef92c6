"""Ops with several outputs: what they may return, which outputs they must give, and which they may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetCheckResult, AssetsDefinition, MaterializeResult, Op, OpOutput, Output
from assetq.definitions.op_step import OpStep
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.errors import StepFailedError

if TYPE_CHECKING:
    from assetq.execution.task import StepTask


def several_results(op: Op, value: Any) -> Iterator[Any]:
    """The results in what an op with several outputs returned: a tuple in their order, or of results that name theirs.

    Raises:
        StepFailedError: It is no such tuple.
    """
    if value is None and all(output.is_nothing and output.is_required for output in op.outputs):
        yield from (Output(None, output.name) for output in op.outputs)
        return
    if isinstance(value, list) and value and all(isinstance(item, MaterializeResult | Output) for item in value):
        value = tuple(value)
    if not isinstance(value, tuple):
        raise StepFailedError(
            f"'{op.name}' has {len(op.outputs)} outputs and returned {type(value).__name__}; return a tuple of them, "
            "or yield each."
        )
    values = [item for item in value if not isinstance(item, AssetCheckResult)]
    if len(values) != len(op.outputs):
        raise StepFailedError(f"'{op.name}' has {len(op.outputs)} outputs and returned {len(values)}.")
    for output, item in zip(op.outputs, values, strict=True):
        yield _result(op, output, item)
    yield from (item for item in value if isinstance(item, AssetCheckResult))


def _result(op: Op, output: OpOutput, item: Any) -> Any:
    """A member of the returned tuple, named by its place where it does not name its output itself."""
    if isinstance(item, MaterializeResult):
        return item
    if not isinstance(item, Output):
        return Output(item, output.name)
    is_named = item.output_name != DEFAULT_OUTPUT or op.output(DEFAULT_OUTPUT) is not None
    if is_named and item.output_name != output.name:
        raise StepFailedError(
            f"'{op.name}' returned output '{item.output_name}' in the place of '{output.name}'; keep to their order."
        )
    return item if is_named else Output(
        item.value, output.name, item.metadata, data_version=item.data_version, tags=item.tags
    )  # fmt: skip


def is_selected(task: StepTask, output: OpOutput) -> bool:
    """True when the plan wants the output's asset."""
    return str(output.key) in task.plan_node.assets


def required_outputs(definition: AssetsDefinition, task: StepTask) -> list[OpOutput]:
    """The outputs without which the step fails; of an op that can leave out assets, only of selected ones."""
    if isinstance(definition, OpStep):
        outputs = [output for output in definition.op.outputs if output.name not in definition.check_outputs]
        return [o for o in outputs if o.is_required and not o.is_dynamic and task.plan_node.wants(o.name, str(o.key))]
    required = [output for output in definition.op.outputs if output.is_required]
    return [output for output in required if is_selected(task, output)] if definition.can_subset else required


def refuse_unselected(definition: AssetsDefinition, task: StepTask, output: OpOutput) -> None:
    """Refuse an output whose asset is not selected.

    Raises:
        StepFailedError: The op gave one.
    """
    if definition.can_subset and not is_selected(task, output):
        raise StepFailedError(
            f"'{definition.op.name}' gave output '{output.name}', whose asset '{output.key}' is not selected; ask "
            "context.selected_output_names before giving one."
        )
