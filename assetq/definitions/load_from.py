"""Assets, checks and definitions that stand in modules and packages."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from types import FrameType, ModuleType
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_rewrite import with_keys
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.definitions import Definitions
from assetq.definitions.load_override import LoadOverride
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_asset import SourceAsset
from assetq.errors import DuplicateKeyError, LoadError


def load_assets_from_modules(
    modules: Iterable[ModuleType],
    group_name: str | None = None,
    key_prefix: str | Sequence[str] | None = None,
    *,
    automation_condition: Any = None,
    backfill_policy: BackfillPolicy | None = None,
    source_key_prefix: str | Sequence[str] | None = None,
    include_specs: bool = False,
) -> list[Any]:
    """Every asset at the top level of modules, or in a list there, each once. Mirrors Dagster's function.

    Args:
        modules: Where to look.
        group_name: Group for all of them.
        key_prefix: Put before the keys of assets that are made here; what depends on them follows.
        automation_condition: For all of them but `SourceAsset`s, instead of their own.
        backfill_policy: For those that are made here, instead of their own.
        source_key_prefix: The same as `key_prefix`, for `SourceAsset`s and `AssetSpec`s.
        include_specs: Whether loose `AssetSpec`s are loaded, too.

    Raises:
        DefinitionError: Two have the same key, or one already has another group.
    """
    kinds = (AssetsDefinition, SourceAsset, AssetSpec) if include_specs else (AssetsDefinition, SourceAsset)
    found = _found(modules, kinds)
    override = LoadOverride.make(group_name, key_prefix, source_key_prefix, automation_condition, backfill_policy)
    return override.apply([item for item in found if not isinstance(item, AssetChecksDefinition)])


def load_assets_from_current_module(
    group_name: str | None = None, key_prefix: str | Sequence[str] | None = None, **options: Any
) -> list[Any]:
    """Every asset of the module that calls; see `load_assets_from_modules`."""
    return load_assets_from_modules([_caller(inspect.currentframe())], group_name, key_prefix, **options)


def load_assets_from_package_module(
    package_module: ModuleType,
    group_name: str | None = None,
    key_prefix: str | Sequence[str] | None = None,
    **options: Any,
) -> list[Any]:
    """Every asset of a package and its submodules; see `load_assets_from_modules`."""
    return load_assets_from_modules(_modules_of(package_module), group_name, key_prefix, **options)


def load_assets_from_package_name(
    package_name: str, group_name: str | None = None, key_prefix: str | Sequence[str] | None = None, **options: Any
) -> list[Any]:
    """Every asset of a package and its submodules, by the package's name; see `load_assets_from_modules`."""
    return load_assets_from_package_module(importlib.import_module(package_name), group_name, key_prefix, **options)


def load_asset_checks_from_modules(
    modules: Iterable[ModuleType], asset_key_prefix: str | Sequence[str] | None = None
) -> list[AssetChecksDefinition]:
    """Every check at the top level of modules, or in a list there. Mirrors Dagster's function.

    Args:
        modules: Where to look.
        asset_key_prefix: Put before the keys of the checked assets.
    """
    checks = _found(modules, (AssetChecksDefinition,))
    return checks if asset_key_prefix is None else [_prefixed(check, asset_key_prefix) for check in checks]


def load_asset_checks_from_current_module(
    asset_key_prefix: str | Sequence[str] | None = None,
) -> list[AssetChecksDefinition]:
    """Every check of the module that calls; see `load_asset_checks_from_modules`."""
    return load_asset_checks_from_modules([_caller(inspect.currentframe())], asset_key_prefix)


def load_asset_checks_from_package_module(
    package_module: ModuleType, asset_key_prefix: str | Sequence[str] | None = None
) -> list[AssetChecksDefinition]:
    """Every check of a package and its submodules; see `load_asset_checks_from_modules`."""
    return load_asset_checks_from_modules(_modules_of(package_module), asset_key_prefix)


def load_asset_checks_from_package_name(
    package_name: str, asset_key_prefix: str | Sequence[str] | None = None
) -> list[AssetChecksDefinition]:
    """Every check of a package and its submodules, by the package's name; see `load_asset_checks_from_modules`."""
    return load_asset_checks_from_package_module(importlib.import_module(package_name), asset_key_prefix)


def load_definitions_from_modules(
    modules: Iterable[ModuleType],
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """A `Definitions` of every asset, spec and check at the top level of modules, or in a list there.

    Mirrors Dagster's function. A `Definitions` object in a module is passed over.

    Args:
        modules: Where to look.
        resources, loggers, executor: As for `Definitions`.

    Raises:
        DefinitionError: Two assets have the same key.
    """
    found = _found(modules, (AssetsDefinition, SourceAsset, AssetSpec))
    return Definitions(assets=found, resources=resources, loggers=loggers, executor=executor)


def load_definitions_from_module(
    module: ModuleType,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """A `Definitions` of a module; see `load_definitions_from_modules`."""
    return load_definitions_from_modules([module], resources, loggers, executor)


def load_definitions_from_current_module(
    resources: Mapping[str, Any] | None = None, loggers: Mapping[str, Any] | None = None, executor: Any = None
) -> Definitions:
    """A `Definitions` of the module that calls; see `load_definitions_from_modules`."""
    return load_definitions_from_modules([_caller(inspect.currentframe())], resources, loggers, executor)


def load_definitions_from_package_module(
    package_module: ModuleType,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """A `Definitions` of a package and its submodules; see `load_definitions_from_modules`."""
    return load_definitions_from_modules(_modules_of(package_module), resources, loggers, executor)


def load_definitions_from_package_name(
    package_name: str,
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """A `Definitions` of a package and its submodules, by its name; see `load_definitions_from_modules`."""
    return load_definitions_from_package_module(importlib.import_module(package_name), resources, loggers, executor)


def _modules_of(package: ModuleType) -> list[ModuleType]:
    if not hasattr(package, "__path__"):
        raise LoadError(f"'{package.__name__}' is a module, not a package; use the function for modules.")
    names = [info.name for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    return [package, *(importlib.import_module(name) for name in names)]


def _caller(frame: FrameType | None) -> ModuleType:
    """The module that called the function whose frame this is."""
    module = inspect.getmodule(frame.f_back) if frame and frame.f_back else None
    if module is None:
        raise LoadError("Functions that load from the current module must be called from a module.")
    return module


def _found(modules: Iterable[ModuleType], kinds: tuple[type, ...]) -> list[Any]:
    """Objects of some kinds, each once, in the order of modules and of names in them."""
    found: dict[int, Any] = {}
    places: dict[AssetKey, dict[int, tuple[Any, str]]] = {}
    for module in _checked(modules):
        for item in _top_level(module, kinds):
            found[id(item)] = item
            for key in _keys(item):
                places.setdefault(key, {}).setdefault(id(item), (item, module.__name__))
    for key, claims in places.items():
        _refuse_duplicate(key, list(claims.values()))
    return list(found.values())


def _checked(modules: Iterable[ModuleType]) -> list[ModuleType]:
    given = [modules] if isinstance(modules, ModuleType | str) or not isinstance(modules, Iterable) else list(modules)
    if given == [modules] or not all(isinstance(module, ModuleType) for module in given):
        raise LoadError(f"{modules!r} is no list of modules; import them and give the modules themselves.")
    return given


def _top_level(module: ModuleType, kinds: tuple[type, ...]) -> list[Any]:
    found: list[Any] = []
    for name in sorted(vars(module)):
        value = vars(module)[name]
        members = value if isinstance(value, list) else [value]
        if all(isinstance(member, kinds) for member in members):
            found += members
    return found


def _keys(item: Any) -> Iterable[AssetKey]:
    return item.keys if isinstance(item, AssetsDefinition) else [item.key]


def _refuse_duplicate(key: AssetKey, claims: list[tuple[Any, str]]) -> None:
    first, _ = claims[0]
    if all(isinstance(item, AssetSpec) and item == first for item, _ in claims) or len(claims) == 1:
        return
    often = "twice" if len(claims) == 2 else f"{len(claims)} times"
    places = " and ".join(f"in '{name}'{_place(item)}" for item, name in claims)
    raise DuplicateKeyError(f"Asset '{key}' is defined {often}: {places}. Rename or remove one.", asset=str(key))


def _place(item: Any) -> str:
    location = item.location if isinstance(item, AssetsDefinition) else None
    return f" at {location}" if location else ""


def _prefixed(check: AssetChecksDefinition, prefix: str | Sequence[str]) -> AssetChecksDefinition:
    return with_keys(check, {spec.asset_key: spec.asset_key.with_prefix(prefix) for spec in check.check_specs})
