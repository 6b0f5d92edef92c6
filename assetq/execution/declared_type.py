"""Holds values against the types that were declared for them."""

from __future__ import annotations

from typing import Any

from assetq.definitions import OpInput, OpOutput
from assetq.definitions.dagster_type import DagsterType, type_check
from assetq.definitions.type_check import PASSED, TypeCheck, TypeCheckContext, TypeCheckError
from assetq.definitions.type_resolution import ANY, resolve_dagster_type
from assetq.errors import DefinitionError
from assetq.execution.context import ExecutionContext


def declared_type(annotation: Any) -> DagsterType:
    """The type of an annotation; one of which no check can be made lets everything pass."""
    try:
        return resolve_dagster_type(annotation)
    except DefinitionError:
        return ANY


def check_input(op_input: OpInput, value: Any, context: ExecutionContext, op_name: str) -> TypeCheck:
    """What the check of a loaded value found; raises for one that is not what the argument is annotated with.

    Raises:
        TypeCheckError: Names argument, op and both types.
    """
    return check_value(op_input.annotation, value, context, f"input '{op_input.name}' of op '{op_name}'")


def check_output(output: OpOutput, value: Any, context: ExecutionContext, op_name: str) -> TypeCheck:
    """What the check of a returned value found; raises for one that is not what the op declares.

    Raises:
        TypeCheckError: Names output, op and both types.
    """
    return check_value(output.annotation, value, context, f"output '{output.name}' of op '{op_name}'")


def check_value(annotation: Any, value: Any, context: ExecutionContext | None, where: str) -> TypeCheck:
    """What the check of a value found; raises for one that is not what an annotation declares.

    Args:
        annotation: What was declared, if anything.
        value: The value.
        context: Gives the check run, log and resources; None in a direct call without one.
        where: Which value it is, for messages.

    Raises:
        TypeCheckError: Names the value and both types.
    """
    declared = ANY if annotation is None else declared_type(annotation)
    if declared is ANY:
        return PASSED
    told = TypeCheckContext(context.run_id, context.log, context.resources) if context else TypeCheckContext()
    found = type_check(declared, value, told, where)
    if not found.success:
        raise TypeCheckError.of(declared, value, found, where)
    return found
