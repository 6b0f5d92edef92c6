"""Holds values against the types that were declared for them."""

from __future__ import annotations

from typing import Any

from assetq.definitions import OpInput, OpOutput
from assetq.definitions.dagster_type import DagsterType, type_check
from assetq.definitions.type_check import TypeCheckContext, TypeCheckError
from assetq.definitions.type_resolution import ANY, resolve_dagster_type
from assetq.errors import DefinitionError
from assetq.execution.context import AssetExecutionContext


def declared_type(annotation: Any) -> DagsterType:
    """The type of an annotation; one of which no check can be made lets everything pass."""
    try:
        return resolve_dagster_type(annotation)
    except DefinitionError:
        return ANY


def check_input(op_input: OpInput, value: Any, context: AssetExecutionContext, op_name: str) -> None:
    """Raise for a loaded value that is not what the argument is annotated with.

    Raises:
        TypeCheckError: Names argument, op and both types.
    """
    _check(op_input.annotation, value, context, f"input '{op_input.name}' of op '{op_name}'")


def check_output(output: OpOutput, value: Any, context: AssetExecutionContext, op_name: str) -> None:
    """Raise for a returned value that is not what the op declares.

    Raises:
        TypeCheckError: Names output, op and both types.
    """
    _check(output.annotation, value, context, f"output '{output.name}' of op '{op_name}'")


def _check(annotation: Any, value: Any, context: AssetExecutionContext, where: str) -> None:
    if annotation is None:
        return
    declared = declared_type(annotation)
    if declared is ANY:
        return
    found = type_check(declared, value, TypeCheckContext(context.run_id, context.log, context.resources), where)
    if not found.success:
        raise TypeCheckError.of(declared, value, found, where)
