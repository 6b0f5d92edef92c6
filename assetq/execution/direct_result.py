"""Checks what goes into a direct call, and what comes out of it, against the declared types."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetCheckResult, MaterializeResult, Op, OpOutput, Output
from assetq.definitions.output import NO_VALUE
from assetq.errors import UsageError
from assetq.execution.context import ExecutionContext
from assetq.execution.declared_type import check_value


@dataclass(slots=True)
class ResultCheck:
    """Type checks of one direct call."""

    op: Op
    context: ExecutionContext | None

    def inputs(self, arguments: Mapping[str, Any]) -> None:
        """Check the values that are given for assets."""
        for op_input in self.op.inputs:
            if op_input.name in arguments:
                self._check(op_input.annotation, arguments[op_input.name], f"input '{op_input.name}'")

    def result(self, returned: Any) -> Any:
        """Check what the function returned, and pass it on."""
        outputs = self.op.outputs
        if isinstance(returned, tuple) and any(isinstance(item, AssetCheckResult) for item in returned):
            for value in (item for item in returned if not isinstance(item, AssetCheckResult)):
                self.result(value)
        elif isinstance(returned, Output | MaterializeResult):
            self._item(returned)
        elif len(outputs) == 1:
            self._check(outputs[0].annotation, returned, f"output '{outputs[0].name}'")
        elif outputs and not (returned is None and all(output.is_nothing for output in outputs)):
            self._several(returned)
        return returned

    def _several(self, returned: Any) -> None:
        outputs = self.op.outputs
        if not isinstance(returned, tuple):
            raise UsageError(
                f"'{self.op.name}' has {len(outputs)} outputs and returned {type(returned).__name__}; return a tuple "
                "of them, or yield each."
            )
        if len(returned) != len(outputs):
            raise UsageError(f"'{self.op.name}' has {len(outputs)} outputs and returned {len(returned)}.")
        for output, item in zip(outputs, returned, strict=True):
            if isinstance(item, Output | MaterializeResult):
                self._item(item)
            else:
                self._check(output.annotation, item, f"output '{output.name}'")

    def later(self, returned: Any, stack: contextlib.ExitStack) -> Any:
        """A generator, coroutine or async generator that checks what it gives, and closes `stack` at its end."""
        if inspect.isgenerator(returned):
            return self._stream(returned, stack)
        if inspect.isasyncgen(returned):
            return self._async_stream(returned, stack)
        return self._awaited(returned, stack)

    def _stream(self, items: Iterator[Any], stack: contextlib.ExitStack) -> Iterator[Any]:
        given: set[str] = set()
        with stack:
            for item in items:
                self._item(item, given)
                yield item
            self._refuse_missing(given)

    async def _async_stream(self, items: AsyncIterator[Any], stack: contextlib.ExitStack) -> AsyncIterator[Any]:
        given: set[str] = set()
        with stack:
            async for item in items:
                self._item(item, given)
                yield item
            self._refuse_missing(given)

    async def _awaited(self, returned: Awaitable[Any], stack: contextlib.ExitStack) -> Any:
        with stack:
            return self.result(await returned)

    def _item(self, item: Any, given: set[str] | None = None) -> None:
        if not isinstance(item, Output | MaterializeResult):
            return
        output = self._output_of(item)
        if item.value is not NO_VALUE:
            self._check(output.annotation, item.value, f"output '{output.name}'")
        if given is not None:
            given.add(output.name)
        if self.context is not None and self.context.is_direct:
            self.context.produced.add(output.name)

    def _output_of(self, item: Output[Any] | MaterializeResult[Any]) -> OpOutput:
        if isinstance(item, Output):
            found, named = self.op.output(item.output_name), item.output_name
        else:
            found = self.op.output_for(item.asset_key) if item.asset_key else self.op.output("result")
            named = str(item.asset_key or "result")
        if found is None:
            raise UsageError(f"'{self.op.name}' gave output '{named}', which it does not have.")
        return found

    def _refuse_missing(self, given: set[str]) -> None:
        for output in self.op.outputs:
            if output.is_required and output.name not in given and not output.is_nothing:
                raise UsageError(f"'{self.op.name}' did not yield output '{output.name}', which is required.")

    def _check(self, annotation: Any, value: Any, what: str) -> None:
        check_value(annotation, value, self.context, f"{what} of op '{self.op.name}'")
