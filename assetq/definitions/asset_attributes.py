"""What can be asked of an `AssetsDefinition` about its assets, checks and op."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec
from assetq.definitions.check import AssetCheckKey, AssetCheckSpec
from assetq.definitions.op import Op, OpOutput
from assetq.definitions.source_asset import SourceAsset
from assetq.errors import DefinitionError, UnknownAssetError, suggest

if TYPE_CHECKING:
    from assetq.definitions.hook import HookDefinition


class AssetAttributes:
    """The reading half of `AssetsDefinition`."""

    op: Op
    specs: tuple[AssetSpec, ...]
    deps: tuple[AssetDep, ...]
    check_specs: tuple[AssetCheckSpec, ...]
    hooks: frozenset[HookDefinition]

    @property
    def keys(self) -> frozenset[AssetKey]:
        """Keys of all assets."""
        return frozenset(spec.key for spec in self.specs)

    @property
    def key(self) -> AssetKey:
        """Key of the one asset.

        Raises:
            DefinitionError: There are several.
        """
        if len(self.specs) != 1:
            raise DefinitionError(f"'{self.op.name}' makes {len(self.specs)} assets; name one of them by its key.")
        return self.specs[0].key

    @property
    def check_keys(self) -> frozenset[AssetCheckKey]:
        """Keys of the checks that the op evaluates itself."""
        return frozenset(spec.key for spec in self.check_specs)

    @property
    def check_key(self) -> AssetCheckKey:
        """Key of the one check.

        Raises:
            DefinitionError: There are several, or none.
        """
        if len(self.check_specs) != 1:
            raise DefinitionError(f"'{self.op.name}' evaluates {len(self.check_specs)} checks; name one of them.")
        return self.check_specs[0].key

    @property
    def asset_and_check_keys(self) -> frozenset[AssetKey | AssetCheckKey]:
        """Keys of all assets and checks."""
        return self.keys | self.check_keys

    @property
    def has_keys(self) -> bool:
        """Whether it makes assets."""
        return bool(self.specs)

    @property
    def has_check_keys(self) -> bool:
        """Whether it evaluates checks."""
        return bool(self.check_specs)

    @property
    def specs_by_key(self) -> dict[AssetKey, AssetSpec]:
        """Asset -> what is known of it."""
        return {spec.key: spec for spec in self.specs}

    @property
    def group_names_by_key(self) -> dict[AssetKey, str]:
        """Asset -> group; "default" where none was given."""
        return {spec.key: spec.group_name or DEFAULT_GROUP for spec in self.specs}

    @property
    def metadata_by_key(self) -> dict[AssetKey, Mapping[str, Any]]:
        """Asset -> metadata, as it was given."""
        return {spec.key: spec.metadata for spec in self.specs}

    @property
    def tags_by_key(self) -> dict[AssetKey, Mapping[str, str]]:
        """Asset -> tags."""
        return {spec.key: spec.tags for spec in self.specs}

    @property
    def code_versions_by_key(self) -> dict[AssetKey, str | None]:
        """Asset -> version of its code."""
        return {spec.key: spec.code_version for spec in self.specs}

    @property
    def owners_by_key(self) -> dict[AssetKey, list[str]]:
        """Asset -> owners."""
        return {spec.key: spec.owners for spec in self.specs}

    @property
    def descriptions_by_key(self) -> dict[AssetKey, str]:
        """Asset -> description, where there is one."""
        return {spec.key: spec.description for spec in self.specs if spec.description is not None}

    @property
    def automation_conditions_by_key(self) -> dict[AssetKey, Any]:
        """Asset -> automation condition, where there is one."""
        return {spec.key: spec.automation_condition for spec in self.specs if spec.automation_condition}

    @property
    def asset_deps(self) -> dict[AssetKey, set[AssetKey]]:
        """Asset -> what it is made from."""
        return {spec.key: {dep.asset_key for dep in spec.deps} for spec in self.specs}

    @property
    def dependency_keys(self) -> set[AssetKey]:
        """Everything that its assets are made from."""
        return {dep.asset_key for spec in self.specs for dep in spec.deps}

    @property
    def keys_by_input_name(self) -> dict[str, AssetKey]:
        """Argument -> asset; what is only waited for stands under its own name."""
        loaded = {op_input.name: op_input.key for op_input in self.op.inputs}
        others = [dep.asset_key for dep in self.deps if dep.asset_key not in {*loaded.values(), *self.keys}]
        return {**loaded, **{"_".join(key.path): key for key in others}}

    @property
    def input_names(self) -> Iterable[str]:
        """Names of its inputs."""
        return self.keys_by_input_name.keys()

    @property
    def keys_by_output_name(self) -> dict[str, AssetKey]:
        """Output -> asset."""
        return {output.name: output.key for output in self.op.outputs}

    @property
    def node_keys_by_input_name(self) -> dict[str, AssetKey]:
        """The same as `keys_by_input_name`."""
        return self.keys_by_input_name

    @property
    def node_keys_by_output_name(self) -> dict[str, AssetKey]:
        """The same as `keys_by_output_name`."""
        return self.keys_by_output_name

    @property
    def input_names_by_node_key(self) -> dict[AssetKey, str]:
        """Asset that it is made from -> argument."""
        return {key: name for name, key in self.keys_by_input_name.items()}

    @property
    def check_specs_by_output_name(self) -> dict[str, AssetCheckSpec]:
        """Output -> check that it evaluates."""
        return {spec.get_python_identifier(): spec for spec in self.check_specs}

    @property
    def entity_keys_by_output_name(self) -> dict[str, AssetKey | AssetCheckKey]:
        """Output -> asset or check."""
        checks = {name: spec.key for name, spec in self.check_specs_by_output_name.items()}
        return {**self.keys_by_output_name, **checks}

    @property
    def output_names_by_entity_key(self) -> dict[AssetKey | AssetCheckKey, str]:
        """Asset or check -> output."""
        return {key: name for name, key in self.entity_keys_by_output_name.items()}

    @property
    def unique_id(self) -> str:
        """Text that tells it from other definitions: eight hex digits over what it makes and checks."""
        made = json.dumps(sorted(str(key) for key in self.asset_and_check_keys))
        return hashlib.sha256(made.encode()).hexdigest()[:8]

    @property
    def hook_defs(self) -> frozenset[HookDefinition]:
        """Its hooks."""
        return self.hooks

    @property
    def node_def(self) -> Op:
        """Its op."""
        return self.op

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """Resources that must be there, I/O managers among them."""
        return self.op.required_resource_keys | {output.io_manager_key for output in self.op.outputs}

    @property
    def is_executable(self) -> bool:
        """Whether it can run."""
        return True

    @property
    def is_external(self) -> bool:
        """Whether its assets are only known."""
        return False

    @property
    def is_materializable(self) -> bool:
        """Whether it makes assets."""
        return self.has_keys

    @property
    def is_observable(self) -> bool:
        """Whether it observes assets."""
        return False

    def check_spec(self, key: AssetCheckKey) -> AssetCheckSpec | None:
        """The spec of one of its checks."""
        return next((spec for spec in self.check_specs if spec.key == key), None)

    def get_spec_for_check_key(self, asset_check_key: AssetCheckKey) -> AssetCheckSpec:
        """The spec of one of its checks.

        Raises:
            UnknownAssetError: It is none of its checks.
        """
        spec = self.check_spec(asset_check_key)
        if spec is None:
            raise UnknownAssetError(f"'{self.op.name}' evaluates no check '{asset_check_key}'.")
        return spec

    def get_asset_spec(self, key: AssetKey | None = None) -> AssetSpec:
        """What is known of one asset; the key may be left out when there is only one.

        Raises:
            DefinitionError: There are several, and none is named.
            UnknownAssetError: It is none of its assets.
        """
        wanted = self.key if key is None else key
        spec = self.specs_by_key.get(wanted)
        if spec is None:
            raise self._unknown(wanted)
        return spec

    def get_output_name_for_asset_key(self, key: AssetKey) -> str:
        """The output that becomes an asset.

        Raises:
            UnknownAssetError: It is none of its assets.
        """
        return self._output(key).name

    def get_io_manager_key_for_asset_key(self, key: AssetKey) -> str:
        """The resource that stores an asset, or that its spec names since it was mapped.

        Raises:
            UnknownAssetError: It is none of its assets.
        """
        output = self._output(key)
        return output.spec.io_manager_key or output.io_manager_key

    def get_output_name_for_asset_check_key(self, key: AssetCheckKey) -> str:
        """The output that evaluates a check.

        Raises:
            UnknownAssetError: It is none of its checks.
        """
        return self.get_spec_for_check_key(key).get_python_identifier()

    def get_op_def_for_asset_key(self, key: AssetKey) -> Op:
        """The op that makes an asset.

        Raises:
            UnknownAssetError: It is none of its assets.
        """
        self._output(key)
        return self.op

    def get_checks_targeting_keys(self, keys: Iterable[AssetKey]) -> set[AssetCheckKey]:
        """Those of its checks that are about some assets."""
        wanted = set(keys)
        return {key for key in self.check_keys if key.asset_key in wanted}

    def get_upstream_input_keys(self, keys: Iterable[AssetKey]) -> set[AssetKey]:
        """What some of its assets are made from, apart from its own assets."""
        wanted = set(keys)
        return {dep.asset_key for spec in self.specs if spec.key in wanted for dep in spec.deps} - self.keys

    def get_partition_mapping_for_dep(self, dep_key: AssetKey) -> Any:
        """The same as `get_partition_mapping`."""
        return self.get_partition_mapping(dep_key)

    def has_output_for_asset_key(self, key: AssetKey) -> bool:
        """Whether it makes the asset."""
        return key in self.keys

    def get_partition_mapping(self, in_asset_key: AssetKey) -> Any:
        """Which partitions of an upstream asset are read, where that is said."""
        return next((dep.partition_mapping for dep in self.deps if dep.asset_key == in_asset_key), None)

    def to_source_asset(self, key: Any = None) -> SourceAsset:
        """One asset as others may declare it that only read it.

        Raises:
            DefinitionError: There are several, and none is named.
            UnknownAssetError: It is none of its assets.
        """
        output = self._output(self.key if key is None else AssetKey.from_coercible(key))
        spec = output.spec
        return SourceAsset(
            spec.key,
            metadata=spec.metadata,
            io_manager_key=self.get_io_manager_key_for_asset_key(spec.key),
            description=spec.description,
            partitions_def=spec.partitions_def,
            group_name=spec.group_name,
            tags=spec.tags,
        )

    def to_source_assets(self) -> list[SourceAsset]:
        """Every asset as others may declare it that only read it."""
        return [self.to_source_asset(spec.key) for spec in self.specs]

    def _output(self, key: Any) -> OpOutput:
        output = self.op.output_for(key)
        if output is None:
            raise self._unknown(key)
        return output

    def _unknown(self, key: Any) -> UnknownAssetError:
        return UnknownAssetError(f"'{self.op.name}' makes no asset '{key}'.{suggest(str(key), self.keys)}")
