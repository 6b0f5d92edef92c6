"""`@multi_asset`: a function that makes several assets in one step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from assetq.definitions.asset_dep import AssetDep, AssetIn, merge_deps
from assetq.definitions.asset_key import AssetKey, check_name, names_of
from assetq.definitions.asset_options import check_config_roles, check_pool, op_tag_values, required_keys
from assetq.definitions.asset_out import AssetOut
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec, refuse_same_checks
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op, OpOutput
from assetq.definitions.output import Nothing
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import OpSignature, by_name, is_nothing, read_signature, value_type
from assetq.definitions.source_location import SourceLocation, location_of
from assetq.errors import DefinitionError, suggest


def multi_asset(
    *,
    outs: Mapping[str, AssetOut] | None = None,
    name: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    deps: Iterable[Any] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    internal_asset_deps: Mapping[str, Set[AssetKey]] | None = None,
    partitions_def: Any = None,
    hooks: Iterable[HookDefinition] | None = None,
    backfill_policy: BackfillPolicy | None = None,
    op_tags: Mapping[str, Any] | None = None,
    can_subset: bool = False,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    specs: Sequence[AssetSpec] | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    pool: str | Mapping[str, int] | None = None,
    compute_kind: str | None = None,
) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """Define several assets by the one function that makes them. Mirrors Dagster's `@multi_asset`.

    Args:
        outs: Output name -> what is known of its asset; the function returns a tuple in this order, or yields an
            `Output` for each.
        name: Name of the op; by default the function's.
        ins: How arguments are loaded.
        deps: Upstream assets that are not loaded; only beside `outs`.
        description: Of every asset that has none.
        internal_asset_deps: Output name -> what exactly its asset is made from, other assets of the function included;
            by default every asset is made from everything that the function reads.
        can_subset: Whether some of the assets can be made without the others; the function asks
            `context.selected_asset_keys`, or `context.selected_output_names`.
        group_name, code_version: Of every asset that has none.
        specs: Instead of `outs`, assets that the function stores itself; it returns nothing, or yields a
            `MaterializeResult` for each.
        check_specs: Checks that the function evaluates itself.
        config_schema, required_resource_keys, partitions_def, hooks, backfill_policy, op_tags, resource_defs,
            retry_policy, pool, compute_kind: As for `@asset`.

    Raises:
        DefinitionError: Something does not fit; names the function, file and line.
    """
    options = dict(locals())
    return lambda fn: MultiAsset(fn, options, location_of(fn)).make()


@dataclass(frozen=True, slots=True)
class MultiAsset:
    """Puts together what `@multi_asset` was given."""

    fn: Callable[..., Any]
    options: Mapping[str, Any]
    location: SourceLocation | None

    def make(self) -> AssetsDefinition:
        """The definition."""
        options = self.options
        name = check_name(options["name"] or self.fn.__name__, "op", self.location)
        self._refuse_mixed()
        signature = read_signature(self.fn, options["ins"] or {})
        specs, outputs = self._from_specs(signature) if options["specs"] is not None else self._from_outs(signature)
        self._refuse_second_group(specs)
        specs = [self._completed(spec) for spec in specs]
        by_key = {spec.key: spec for spec in specs}
        keys = {output.key for output in outputs}
        deps = merge_deps(
            [*self._loaded(signature), *(d for s in specs for d in s.deps if d.asset_key not in keys)],
            specs[0].key if specs else AssetKey(name),
            self.location,
        )
        return AssetsDefinition(
            self._op(name, signature, [with_spec(output, by_key[output.key]) for output in outputs]),
            specs=specs,
            deps=deps,
            partitions_def=self._partitions(specs),
            backfill_policy=options["backfill_policy"] or self._policy_of_outs(),
            resource_defs=options["resource_defs"],
            check_specs=self._checks(keys),
            hooks=options["hooks"] or (),
            can_subset=options["can_subset"],
        )

    def _error(self, what: str) -> DefinitionError:
        name = self.fn.__name__
        return DefinitionError(f"Multi-asset '{name}' {what}", asset=name, location=self.location)

    def _refuse_mixed(self) -> None:
        options = self.options
        if options["specs"] is not None:
            if options["outs"] is not None:
                raise self._error("is given outs and specs; keep one.")
            if options["deps"] is not None:
                raise self._error("is given deps and specs; put the deps into the specs that they belong to.")
            if options["internal_asset_deps"] is not None:
                raise self._error("is given internal_asset_deps and specs; put the deps into the specs.")
        for name, out in (options["outs"] or {}).items():
            if not isinstance(out, AssetOut):
                raise self._error(f"is given out '{name}' as {out!r}; give an AssetOut.")
        for spec in options["specs"] or ():
            if not isinstance(spec, AssetSpec):
                raise self._error(f"is given {spec!r} in specs; give AssetSpecs.")

    def _loaded(self, signature: OpSignature) -> list[AssetDep]:
        return [AssetDep(i.key, partition_mapping=i.asset_in.partition_mapping) for i in signature.inputs]

    def _from_specs(self, signature: OpSignature) -> tuple[list[AssetSpec], list[OpOutput]]:
        specs: list[AssetSpec] = list(self.options["specs"])
        told = {dep.asset_key for spec in specs for dep in spec.deps}
        lost = sorted({i.key for i in signature.inputs} - told)
        if lost:
            raise self._error(f"loads {names_of(lost)}, of which no spec says that it is made from it; add it to deps.")
        outputs = [
            OpOutput(
                spec.key.to_python_identifier(),
                spec.key,
                spec.io_manager_key or DEFAULT_IO_MANAGER_KEY,
                not (spec.skippable or self.options["can_subset"]),
                Nothing,
                spec,
            )
            for spec in specs
        ]
        return specs, outputs

    def _from_outs(self, signature: OpSignature) -> tuple[list[AssetSpec], list[OpOutput]]:
        outs: Mapping[str, AssetOut] = self.options["outs"] or {}
        exact = self._internal_deps(signature, outs)
        common = [*self._loaded(signature), *(self.options["deps"] or ())]
        types = annotations_of(signature.result, len(outs))
        specs, outputs = [], []
        for (name, out), annotation in zip(outs.items(), types, strict=True):
            check_name(name, "output", self.location)
            key = out.key_for(name)
            spec = out.to_spec(
                key, exact[name] if name in exact else merge_deps(common, key, self.location),
                self.options["partitions_def"], description=self.options["description"],
            )  # fmt: skip
            specs.append(spec)
            declared = out.dagster_type if out.dagster_type is not None else annotation
            manager = out.io_manager_key or DEFAULT_IO_MANAGER_KEY
            outputs.append(OpOutput(name, key, manager, out.is_required, declared, spec))
        return specs, outputs

    def _internal_deps(self, signature: OpSignature, outs: Mapping[str, AssetOut]) -> dict[str, list[AssetDep]]:
        given: Mapping[str, Set[AssetKey]] = self.options["internal_asset_deps"] or {}
        own = {out.key_for(name) for name, out in outs.items()}
        common = merge_deps([*self._loaded(signature), *(self.options["deps"] or ())], AssetKey("_"), self.location)
        known = {dep.asset_key: dep for dep in common}
        for name, keys in given.items():
            if name not in outs:
                raise self._error(f"has no output '{name}', which internal_asset_deps names.{suggest(name, outs)}")
            strange = sorted(set(keys) - own - known.keys())
            if strange:
                raise self._error(f"neither reads nor makes {names_of(strange)}, which internal_asset_deps names.")
        lost = sorted(known.keys() - {key for keys in given.values() for key in keys}) if given else []
        if lost:
            raise self._error(f"reads {names_of(lost)}, which internal_asset_deps says of no output; add it to one.")
        return {name: [known.get(key) or AssetDep(key) for key in sorted(keys)] for name, keys in given.items()}

    def _refuse_second_group(self, specs: Sequence[AssetSpec]) -> None:
        if self.options["group_name"] is not None and any(spec.group_name is not None for spec in specs):
            raise self._error("is given group_name, and some of its assets have a group; keep one of them.")

    def _completed(self, spec: AssetSpec) -> AssetSpec:
        changes: dict[str, Any] = {}
        for name in ("group_name", "code_version"):
            if self.options[name] is not None and getattr(spec, name) is None:
                changes[name] = self.options[name]
        if self.options["partitions_def"] is not None and spec.partitions_def is None:
            changes["partitions_def"] = self.options["partitions_def"]
        if self.options["compute_kind"] and not spec.kinds:
            changes["kinds"] = {self.options["compute_kind"]}
        return spec.replace_attributes(**changes) if changes else spec

    def _partitions(self, specs: Sequence[AssetSpec]) -> Any:
        found = {spec.partitions_def.identity: spec.partitions_def for spec in specs if spec.partitions_def}
        if len(found) > 1 or (found and any(spec.partitions_def is None for spec in specs)):
            raise self._error("has assets that are partitioned differently; one step makes the same partition of all.")
        return next(iter(found.values()), None)

    def _policy_of_outs(self) -> BackfillPolicy | None:
        given = [out.backfill_policy for out in (self.options["outs"] or {}).values()]
        if any(policy != given[0] for policy in given):
            raise self._error("has outs with different backfill policies; one step makes the same partitions of all.")
        return given[0] if given else None

    def _checks(self, keys: Set[AssetKey]) -> tuple[AssetCheckSpec, ...]:
        checks = tuple(self.options["check_specs"] or ())
        for check in checks:
            if check.asset_key not in keys:
                raise self._error(
                    f"is given a check of '{check.asset_key}', which it does not make."
                    f"{suggest(str(check.asset_key), keys)}"
                )
        refuse_same_checks(checks, self.location)
        return checks

    def _op(self, name: str, signature: OpSignature, outputs: Sequence[OpOutput]) -> Op:
        what, options = f"Multi-asset '{name}'", self.options
        check_config_roles(signature, options["config_schema"], what, self.location)
        return Op(
            name=name,
            fn=by_name(self.fn),
            inputs=tuple(i for i in signature.inputs if not is_nothing(i.annotation)),
            outputs=tuple(outputs),
            context_param=signature.context_param,
            config_param=signature.config_param,
            config_type=signature.config_type,
            config_schema=options["config_schema"] or signature.config_schema,
            resource_params=signature.resource_params,
            required_resource_keys=required_keys(signature, options["required_resource_keys"], what, self.location),
            retry_policy=options["retry_policy"],
            bundle=check_pool(options["pool"], AssetKey(name), self.location),
            tags=op_tag_values(options["op_tags"], what, self.location),
            location=self.location,
        )


def with_spec(output: OpOutput, spec: AssetSpec) -> OpOutput:
    """The output with what is finally known of its asset."""
    return OpOutput(output.name, output.key, output.io_manager_key, output.is_required, output.annotation, spec)


def annotations_of(result: Any, count: int) -> list[Any]:
    """The declared type of each output: of one the annotation, of several the members of a tuple."""
    if count == 1:
        return [value_type(result)]
    members = get_args(result) if get_origin(result) is tuple else ()
    if len(members) != count:
        is_none = result is None or result is type(None)
        return [Nothing if is_none and result is not inspect.Parameter.empty else None] * count
    return [value_type(member) for member in members]
