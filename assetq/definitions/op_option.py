"""Options that all asset decorators share, checked and turned into the parts of an op."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from assetq.definitions.asset_dep import AssetDep, AssetIn, deps_from, merge_deps
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.attribute import check_kind_of, check_partitions, check_pool, strings
from assetq.definitions.config import schema_model
from assetq.definitions.op import Op, OpOutput
from assetq.definitions.output import Nothing
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import OpSignature, read_signature
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class OpOptions:
    """What a decorator was told about the op, apart from its assets."""

    ins: Mapping[str, AssetIn] | None = None
    deps: Iterable[Any] | None = None
    required_resource_keys: Iterable[str] | None = None
    resource_defs: Mapping[str, object] | None = None
    config_schema: Any = None
    partitions_def: Any = None
    backfill_policy: BackfillPolicy | None = None
    retry_policy: RetryPolicy | None = None
    op_tags: Mapping[str, Any] | None = None
    pool: str | None = None
    unsupported: Mapping[str, Any] = field(default_factory=dict)

    def check(self, asset: object) -> None:
        """Refuse options of the wrong type.

        Raises:
            DefinitionError: Names the option and what it takes.
        """
        check_kind_of(self.ins, Mapping, "ins", asset)
        check_kind_of(self.resource_defs, Mapping, "resource_defs", asset)
        check_kind_of(self.op_tags, Mapping, "op_tags", asset)
        check_kind_of(self.retry_policy, RetryPolicy, "retry_policy", asset)
        check_kind_of(self.backfill_policy, BackfillPolicy, "backfill_policy", asset)
        check_partitions(self.partitions_def, asset)
        check_pool(self.pool, asset)
        for name, value in self.unsupported.items():
            if value:
                raise DefinitionError(f"Asset '{asset}' has {name}, which assetq does not support; remove it.")


def function_given(fn: Any) -> Callable[..., Any]:
    """The decorated object, if it is a function.

    Raises:
        DefinitionError: It is something else, as in `@asset("name")`.
    """
    if not inspect.isfunction(inspect.unwrap(fn) if callable(fn) else fn):
        raise DefinitionError(f"{fn!r} is no function. Write @asset above a def, and its options by name.")
    function: Callable[..., Any] = fn
    return function


def signature_of(fn: Callable[..., Any], options: OpOptions) -> OpSignature:
    """The roles of the function's arguments."""
    return read_signature(fn, options.ins or {})


def all_deps(key: AssetKey, signature: OpSignature, options: OpOptions) -> tuple[AssetDep, ...]:
    """Everything upstream: loaded through arguments, then named in `deps`.

    Raises:
        DefinitionError: One asset is loaded and named in `deps` too.
    """
    loaded = [AssetDep(i.key, partition_mapping=i.asset_in.partition_mapping) for i in signature.inputs]
    argument_of = {i.key: i.name for i in signature.inputs}
    named = deps_from(options.deps)
    for dep in named:
        if dep.asset_key in argument_of:
            raise DefinitionError(
                f"Asset '{key}' names '{dep.asset_key}' in deps and loads it as argument "
                f"'{argument_of[dep.asset_key]}'; keep one."
            )
    return merge_deps([*loaded, *named], key, None)


def make_op(
    fn: Callable[..., Any],
    name: str,
    signature: OpSignature,
    outputs: Iterable[OpOutput],
    options: OpOptions,
) -> Op:
    """The op of a decorated function."""
    required = strings(options.required_resource_keys, "required_resource_keys", name)
    return Op(
        name=name,
        fn=fn,
        inputs=tuple(i for i in signature.inputs if i.annotation is not Nothing),
        outputs=tuple(outputs),
        context_param=signature.context_param,
        config_param=signature.config_param,
        config_type=_config_type(name, signature, options),
        resource_params=signature.resource_params,
        required_resource_keys=frozenset([*required, *signature.resource_params.values()]),
        retry_policy=options.retry_policy,
        pool=options.pool,
        tags=op_tag_values(options.op_tags),
        location=location_of(fn),
    )


def _config_type(name: str, signature: OpSignature, options: OpOptions) -> type[BaseModel] | None:
    if options.config_schema is None:
        return signature.config_type
    if signature.config_type is not None:
        raise DefinitionError(f"'{name}' has config_schema and an argument 'config'; keep one.")
    return schema_model(name, options.config_schema)


def op_tag_values(tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Op tags with every value as text; others than strings as JSON.

    Raises:
        DefinitionError: A value has no JSON form.
    """
    try:
        return {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in (tags or {}).items()}
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"op_tags {tags!r} cannot be written as JSON: {error}.") from None
