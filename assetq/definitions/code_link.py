"""Links from assets to their code: in local files, and where it stands in source control."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.code_reference import CodeReference, LocalFileCodeReference, UrlCodeReference
from assetq.definitions.metadata_value import CodeReferencesMetadataValue
from assetq.definitions.observable import ObservableSourceAsset
from assetq.errors import UsageError

ENTRY = "dagster/code_references"
Item = TypeVar("Item")

# Source control -> what stands between the address of a repository and the branch.
PLATFORMS = {"github": "tree", "gitlab": "-/tree"}


class FilePathMapping(ABC):
    """From local files to paths in source control. Mirrors Dagster's `FilePathMapping`."""

    @abstractmethod
    def convert_to_source_control_path(self, local_path: Path) -> str:
        """Path in the repository of a local file."""


@dataclass(frozen=True, slots=True)
class AnchorBasedFilePathMapping(FilePathMapping):
    """Finds files by their place beside one that is known. Mirrors Dagster's `AnchorBasedFilePathMapping`.

    Args:
        local_file_anchor: A local file or folder.
        file_anchor_path_in_repository: Where the same stands in the repository.
    """

    local_file_anchor: Path
    file_anchor_path_in_repository: str

    def convert_to_source_control_path(self, local_path: Path) -> str:
        """Path in the repository of a local file."""
        beside = os.path.relpath(local_path, self.local_file_anchor)
        return os.path.normpath(os.path.join(self.file_anchor_path_in_repository, beside))


def with_source_code_references(assets_defs: Iterable[Item]) -> list[Item]:
    """Assets, each with a reference to file and line of its function. Mirrors Dagster's function.

    Args:
        assets_defs: Assets; what is not made here stays as it is.
    """
    return [_changed(item, partial(_with_own, item)) for item in assets_defs]


def link_code_references_to_git(
    assets_defs: Iterable[Item],
    git_url: str,
    git_branch: str,
    file_path_mapping: FilePathMapping,
    platform: Literal["github", "gitlab"] | None = None,
) -> list[Item]:
    """Assets, their references to local files made into links to source control. Mirrors Dagster's function.

    Args:
        assets_defs: Assets; what is not made here stays as it is.
        git_url: Address of the repository, without ".git".
        git_branch: The branch to show.
        file_path_mapping: Where local files stand in the repository.
        platform: What serves the repository; told by its address when None.

    Raises:
        UsageError: The platform is unknown; it is a ValueError too.
    """
    base = f"{git_url}/{PLATFORMS[_platform(git_url, platform)]}/{git_branch}"

    def link(reference: CodeReference) -> CodeReference:
        if not isinstance(reference, LocalFileCodeReference):
            return reference
        path = file_path_mapping.convert_to_source_control_path(Path(reference.file_path))
        line = "" if reference.line_number is None else f"#L{reference.line_number}"
        return UrlCodeReference(url=f"{base}/{path}{line}", label=reference.label)

    return [_changed(item, lambda references: [link(reference) for reference in references]) for item in assets_defs]


class UnknownPlatformError(UsageError, ValueError):
    """No link can be made to a source control that is not known."""


def _platform(git_url: str, platform: str | None) -> str:
    if platform is not None and platform not in PLATFORMS:
        raise UnknownPlatformError(f"There is no platform {platform!r}; give {' or '.join(map(repr, PLATFORMS))}.")
    named = platform or next((name for name in PLATFORMS if name in git_url), None)
    if named is None:
        raise UnknownPlatformError(f"What serves '{git_url}'? Give platform={' or '.join(map(repr, PLATFORMS))}.")
    return named


def _changed(item: Any, change: Callable[[list[CodeReference]], list[CodeReference]]) -> Any:
    if not isinstance(item, AssetsDefinition) or isinstance(item, AssetChecksDefinition | ObservableSourceAsset):
        return item
    return item.map_asset_specs(lambda spec: spec.replace_attributes(metadata=_metadata(spec.metadata, change)))


def _metadata(
    metadata: Mapping[str, Any], change: Callable[[list[CodeReference]], list[CodeReference]]
) -> Mapping[str, Any]:
    before = metadata.get(ENTRY)
    references = change(list(before.code_references) if before is not None else [])
    if not references:
        return metadata
    return {**metadata, ENTRY: CodeReferencesMetadataValue(code_references=references)}


def _with_own(item: Any, references: list[CodeReference]) -> list[CodeReference]:
    location = item.location
    if location is None:
        return references
    return [*references, LocalFileCodeReference(file_path=location.file, line_number=location.line)]
