"""`@op`: a function that is one step of a graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.asset_key import AssetKey, check_name, is_reserved
from assetq.definitions.asset_options import check_config_roles, check_pool, op_tag_values, required_keys
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.multi_asset import annotations_of
from assetq.definitions.node_definition import NodeDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op, OpInput, OpOutput
from assetq.definitions.op_io import In, Out
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.retry_policy import RetryPolicy
from assetq.definitions.signature import by_name, is_nothing, read_signature
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError


class OpDefinition(NodeDefinition):
    """A function that is one step of a graph. Mirrors Dagster's `OpDefinition`; made by `@op`.

    Attributes:
        ins: Input -> what is declared of it, in the order of the arguments.
        outs: Output -> what is declared of it.
        op: The function with everything that is needed to call it outside of any graph.
    """

    def __init__(
        self,
        compute_fn: Callable[..., Any],
        name: str,
        ins: Mapping[str, In] | None = None,
        outs: Mapping[str, Out] | None = None,
        description: str | None = None,
        config_schema: Any = None,
        required_resource_keys: Iterable[str] | None = None,
        tags: Mapping[str, Any] | None = None,
        version: str | None = None,
        retry_policy: RetryPolicy | None = None,
        code_version: str | None = None,
        pool: str | Mapping[str, int] | None = None,
    ) -> None:
        location = location_of(compute_fn)
        if is_reserved(name):
            raise DefinitionError(f"Op name '{name}' is reserved; choose another.", location=location)
        self.name = check_name(name, "op", location)
        self.description = description or inspect.getdoc(compute_fn)
        self.version = code_version or version
        what = f"Op '{name}'"
        _check_declared(what, ins, outs, location)
        signature = read_signature(compute_fn, {n: _asset_in(i) for n, i in (ins or {}).items()})
        check_config_roles(signature, config_schema, what, location)
        declared: Mapping[str, Out] = outs if outs is not None else {DEFAULT_OUTPUT: Out()}
        types = annotations_of(signature.result, len(declared))
        self.outs = dict(declared)
        self.ins = {i.name: _declared(i, (ins or {}).get(i.name, In()), compute_fn) for i in signature.inputs}
        self.op = Op(
            name=self.name,
            fn=by_name(compute_fn),
            inputs=tuple(i for i in signature.inputs if not is_nothing(i.annotation)),
            outputs=tuple(
                _output(self.name, n, out, found, self.version)
                for (n, out), found in zip(declared.items(), types, strict=True)
            ),
            context_param=signature.context_param,
            config_param=signature.config_param,
            config_type=signature.config_type,
            config_schema=config_schema or signature.config_schema,
            resource_params=signature.resource_params,
            required_resource_keys=required_keys(signature, required_resource_keys, what, location),
            retry_policy=retry_policy,
            bundle=check_pool(pool, AssetKey(self.name), location),
            tags=op_tag_values(tags, what, location),
            location=location,
        )
        self.__name__ = self.name
        self.__doc__ = compute_fn.__doc__

    @property
    def compute_fn(self) -> Callable[..., Any]:
        """The function."""
        return self.op.fn

    @property
    def input_names(self) -> Sequence[str]:
        """Names of the inputs; those that are only waited for come last."""
        return list(self.ins)

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs."""
        return list(self.outs)

    @property
    def config_schema(self) -> Any:
        """Schema of its config."""
        return self.op.config_schema

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """Resources that it needs."""
        return self.op.required_resource_keys

    @property
    def retry_policy(self) -> RetryPolicy | None:
        """When it runs again after a failure."""
        return self.op.retry_policy

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        return self.op.tags

    @property
    def pool(self) -> str | None:
        """The pool whose queue it goes through."""
        return self.op.pool

    def is_dynamic(self, output_name: str) -> bool:
        """True for an output of which there is any number of values."""
        return self.outs[output_name].is_dynamic

    def call_directly(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Call the function, as a unit test does."""
        calling = import_module("assetq.execution.direct_call")  # a layer above, found when it is needed
        return calling.call_directly(AssetsDefinition(self.op, specs=(), deps=()), args, kwargs)

    def with_replaced_properties(self, name: str) -> OpDefinition:
        """The same op under another name."""
        return self.renamed(name)

    def renamed(self, name: str) -> OpDefinition:
        """The same op under another name."""
        copy = object.__new__(OpDefinition)
        copy.__dict__.update(self.__dict__)
        copy.name = check_name(name, "op", self.op.location)
        copy.op = replace(self.op, name=name)
        return copy

    def __repr__(self) -> str:
        return f"OpDefinition({self.name})"


def _check_declared(
    what: str, ins: Mapping[str, In] | None, outs: Mapping[str, Out] | None, location: object | None
) -> None:
    for kind, given, wanted in (("ins", ins, In), ("out", outs, Out)):
        for name, one in (given or {}).items():
            if not isinstance(one, wanted):
                raise DefinitionError(
                    f"{what} is given {kind} '{name}' as {one!r}; give {wanted.__name__}().", location=location
                )
            check_name(name, "output" if wanted is Out else "input", location)


def _asset_in(declared: In) -> AssetIn:
    return AssetIn(
        metadata=declared.metadata, input_manager_key=declared.input_manager_key, dagster_type=declared.dagster_type
    )


def _declared(op_input: OpInput, given: In, fn: Callable[..., Any]) -> In:
    """What is declared of an input: by `ins`, and by the function's own default and annotation."""
    parameter = inspect.signature(fn).parameters.get(op_input.name)
    if given.has_default or parameter is None or parameter.default is parameter.empty:
        default = given.default_value
    else:
        default = parameter.default
    return replace(given, default_value=default, dagster_type=op_input.annotation)


def _output(op_name: str, name: str, out: Out, annotation: Any, code_version: str | None) -> OpOutput:
    key = AssetKey([op_name, name])
    spec = AssetSpec(key, metadata=out.metadata, code_version=out.code_version or code_version)
    declared = out.dagster_type if out.dagster_type is not None else annotation
    manager = out.io_manager_key or DEFAULT_IO_MANAGER_KEY
    return OpOutput(name, key, manager, out.is_required, declared, spec, is_asset=False, is_dynamic=out.is_dynamic)


def op(
    compute_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    pool: str | Mapping[str, int] | None = None,
) -> Any:
    """Define an op: a function that is one step of a graph. Mirrors Dagster's `@op`.

    Args:
        compute_fn: The function; given when the decorator stands bare.
        name: By default the function's name.
        description: By default the docstring.
        ins: What is declared of some inputs; every argument that is no context, config or resource is one.
        out: What is declared of the output; of several, name -> what is declared, and the function returns a tuple of
            them or yields an `Output` for each.
        config_schema: Schema of `context.op_config`; instead of it an argument `config: MyConfig` may be used.
        required_resource_keys: Resources used through `context.resources`.
        tags: Tags of the op.
        version, code_version: Version of the code.
        retry_policy: When a failed step runs again.
        pool: Concurrency pool whose slots limit its steps, or several with the slots to take of each.

    Returns:
        An `OpDefinition`; called inside of a graph's function it becomes a step, called elsewhere the function runs.

    Raises:
        DefinitionError: Something does not fit; names the op, file and line.
    """
    outs = out if out is None or isinstance(out, Mapping) else {DEFAULT_OUTPUT: out}

    def make(fn: Callable[..., Any]) -> OpDefinition:
        return OpDefinition(
            fn, name or fn.__name__, ins, outs, description, config_schema, required_resource_keys, tags, version,
            retry_policy, code_version, pool,
        )  # fmt: skip

    return make if compute_fn is None else make(compute_fn)
