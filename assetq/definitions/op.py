"""The computation behind assets: a function and how its arguments and outputs connect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.op_source import Source
from assetq.definitions.output import Nothing
from assetq.definitions.pool_name import slots_of
from assetq.definitions.retry_policy import RetryPolicy
from assetq.definitions.source_location import SourceLocation
from assetq.errors import DefinitionError

DEFAULT_IO_MANAGER_KEY = "io_manager"
POOL_TAG = "dagster/concurrency_key"


@dataclass(frozen=True, slots=True)
class OpInput:
    """An argument that is loaded: from an asset, or inside of a graph from `source`."""

    name: str
    key: AssetKey
    annotation: Any
    asset_in: AssetIn
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class OpOutput:
    """An output that becomes an asset; `annotation` is the declared Python type, or None when there is none.

    Inside of a graph it may be that only other ops read it (`is_asset` is false, and `key` stands for it in messages),
    or that there is any number of values of it (`is_dynamic`).
    """

    name: str
    key: AssetKey
    io_manager_key: str
    is_required: bool
    annotation: Any
    spec: AssetSpec
    is_asset: bool = True
    is_dynamic: bool = False

    @property
    def is_nothing(self) -> bool:
        """True when nothing is to be stored: the op stores the asset itself."""
        return self.annotation is Nothing or self.annotation is type(None)


@dataclass(frozen=True, slots=True)
class Op:
    """A function with everything that is needed to call it.

    Attributes:
        context_param, config_param: Names of those arguments, when the function has them.
        config_type: Class of the config argument.
        config_schema: Schema of `context.op_config`, for functions without a config argument.
        resource_params: Argument name -> resource key.
        required_resource_keys: All resources that must be there, I/O managers apart.
        bundle: Slots of pools that it needs, see `bundle_of`.
    """

    name: str
    fn: Callable[..., Any]
    inputs: tuple[OpInput, ...]
    outputs: tuple[OpOutput, ...]
    context_param: str | None
    config_param: str | None
    config_type: type[BaseModel] | None
    config_schema: Any
    resource_params: Mapping[str, str]
    required_resource_keys: frozenset[str]
    retry_policy: RetryPolicy | None
    bundle: str | None
    tags: Mapping[str, str]
    location: SourceLocation | None

    def __post_init__(self) -> None:
        tagged = self.tags.get(POOL_TAG)
        if self.bundle is not None and tagged not in (None, self.bundle):
            raise DefinitionError(
                f"'{self.name}' has pool '{self.bundle}', and tag {POOL_TAG} '{tagged}'; keep one.",
                asset=self.name,
                location=self.location,
            )

    @property
    def pool(self) -> str | None:
        """The pool whose queue it goes through: the first one named."""
        return slots_of(self.bundle)[0][0] if self.bundle else None

    @property
    def pools(self) -> frozenset[str]:
        """Every pool of which it needs slots."""
        return frozenset(name for name, _ in slots_of(self.bundle)) if self.bundle else frozenset()

    def output(self, name: str) -> OpOutput | None:
        """The output called `name`; an op with one output also answers to "result"."""
        for output in self.outputs:
            if output.name == name or (name == "result" and len(self.outputs) == 1):
                return output
        return None

    def output_for(self, key: AssetKey) -> OpOutput | None:
        """The output that becomes the asset `key`."""
        return next((output for output in self.outputs if output.key == key), None)
