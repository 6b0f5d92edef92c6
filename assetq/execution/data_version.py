"""Data versions: what an asset was made from, in a few bytes for each partition.

An asset's data version is what its op says, or a digest of its code version and of the versions that it
read; without a code version every run makes a new one. Mirrors Dagster's rules, see "Asset versioning and
caching" in its documentation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple, Protocol

from assetq.definitions import AssetDep, AssetKey, AssetsDefinition, Definitions
from assetq.partitions import (
    IdentityPartitionMapping,
    IndexSet,
    PartitionMapping,
    PartitionsDefinition,
    PartitionsStore,
)
from assetq.planning import mapping_between

READ_LIMIT = 100
"""An upstream asset of which a step reads more partitions has no say in what is stale, as in Dagster."""

LAYOUT = struct.Struct(">IIQQ")
WHOLE = IndexSet.range(0, 1)


class VersionMark(NamedTuple):
    """What is known of the version of one partition.

    Attributes:
        code: Digest of the code version; 0 when none was given.
        deps: Digest of the keys that it depends on.
        inputs: Digest of the data versions that it read.
        data: Digest of its own data version, odd when the op gave one; 0 when it has none.
        text: The data version that the op gave.
    """

    code: int = 0
    deps: int = 0
    inputs: int = 0
    data: int = 0
    text: str | None = None

    @property
    def is_given(self) -> bool:
        """True when the op gave the data version."""
        return bool(self.data & 1)

    @property
    def version(self) -> str:
        """The data version as people see it."""
        return self.text if self.text is not None else f"{self.data:016x}"

    def to_bytes(self) -> bytes:
        """24 bytes, without the text."""
        return LAYOUT.pack(self.code, self.deps, self.inputs, self.data)


def mark_from_bytes(packed: bytes, text: str | None = None) -> VersionMark | None:
    """The mark that `to_bytes` wrote; None where nothing was recorded."""
    code, deps, inputs, data = LAYOUT.unpack(packed)
    return VersionMark(code, deps, inputs, data, text) if data else None


Wanted = tuple[str, PartitionsDefinition | None, IndexSet]
"""An asset, how it is partitioned, and some of its partitions."""


class VersionSource(Protocol):
    """Where marks are kept: an instance."""

    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """The marks of the wanted partitions, in their order; None where none is known."""


@dataclass(frozen=True, slots=True)
class VersionedDep:
    """An asset that is read, and through which mapping."""

    key: str
    grid: PartitionsDefinition | None
    mapping: PartitionMapping

    def bound(self, store: PartitionsStore | None) -> VersionedDep:
        """With the partitions that a store holds now, where they are kept there."""
        grid = None if self.grid is None else self.grid.bound(store)
        return self if grid is self.grid else replace(self, grid=grid)

    def reads_together(self, partitions: IndexSet, grid: PartitionsDefinition | None) -> IndexSet:
        """The upstream partitions that some partitions read; none where they are too many to count."""
        if self.grid is None:
            return WHOLE if partitions else IndexSet()
        if isinstance(self.mapping, IdentityPartitionMapping) and self.grid == grid:
            return partitions
        read = self.mapping.upstream(partitions, grid, self.grid)
        return _bounded(read, 1 if self.mapping.is_gate else len(partitions))

    def reads(self, partitions: IndexSet, grid: PartitionsDefinition | None) -> list[IndexSet]:
        """The upstream partitions that each partition reads; none where they are too many to count."""
        if self.grid is None:
            return [WHOLE] * len(partitions)
        if isinstance(self.mapping, IdentityPartitionMapping) and self.grid == grid:
            return [IndexSet.range(i, i + 1) for i in partitions]
        if self.mapping.is_gate:
            return [_bounded(self.mapping.upstream(WHOLE, grid, self.grid))] * len(partitions)
        return [_bounded(self.mapping.upstream(IndexSet.range(i, i + 1), grid, self.grid)) for i in partitions]


def _bounded(read: IndexSet, readers: int = 1) -> IndexSet:
    return read if len(read) <= READ_LIMIT * readers else IndexSet()


@dataclass(frozen=True, slots=True)
class VersionedAsset:
    """An asset as far as versions are concerned; `deps` by key."""

    key: str
    code_version: str | None
    grid: PartitionsDefinition | None
    deps: tuple[VersionedDep, ...]

    @property
    def code_digest(self) -> int:
        """Of its code version; 0 when it has none."""
        return 0 if self.code_version is None else digest(self.code_version.encode(), size=4) or 1

    @property
    def deps_digest(self) -> int:
        """Of the keys that it depends on."""
        return digest(*(dep.key.encode() + b"\0" for dep in self.deps), size=4)

    def bound(self, store: PartitionsStore | None) -> VersionedAsset:
        """With the partitions that a store holds now, where they are kept there."""
        deps = tuple(dep.bound(store) for dep in self.deps)
        grid = None if self.grid is None else self.grid.bound(store)
        same = grid is self.grid and all(a is b for a, b in zip(deps, self.deps, strict=True))
        return self if same else replace(self, grid=grid, deps=deps)

    def reads_together(self, partitions: IndexSet) -> list[Wanted]:
        """What some of its partitions read."""
        return [(dep.key, dep.grid, dep.reads_together(partitions, self.grid)) for dep in self.deps]

    def made(self, run_id: str, inputs: int, given: str | None) -> VersionMark:
        """The mark of a partition that a run makes from `inputs`."""
        if given is not None:
            data = digest(given.encode()) | 1
        else:
            data = digest((self.code_version or run_id).encode(), inputs.to_bytes(8)) & ~1 or 2
        return VersionMark(self.code_digest, self.deps_digest, inputs, data, given)


def digest(*pieces: bytes, size: int = 8) -> int:
    """A number of `size` bytes."""
    hashed = blake2b(digest_size=size)
    for piece in pieces:
        hashed.update(piece)
    return int.from_bytes(hashed.digest())


def inputs_digest(read: Iterable[tuple[str, Sequence[int]]]) -> int:
    """Of the data versions read, as `(key, digests by partition)` in the order of keys; 0 when nothing is read."""
    pieces = [key.encode() + b"\0" + b"".join(data.to_bytes(8) for data in versions) for key, versions in read]
    return digest(*pieces) if pieces else 0


def versioned(defs: Definitions, key: AssetKey) -> VersionedAsset:
    """An asset of some definitions."""
    node = defs.graph.get(key)
    deps = sorted({dep.asset_key: dep for dep in node.deps}.values(), key=lambda dep: str(dep.asset_key))
    read = () if node.assets_def is None else tuple(_versioned_dep(defs, node.assets_def, dep) for dep in deps)
    return VersionedAsset(str(key), node.code_version, node.partitions_def, read)


def _versioned_dep(defs: Definitions, reader: AssetsDefinition, dep: AssetDep) -> VersionedDep:
    above = defs.graph.get(dep.asset_key)
    mapping = mapping_between(reader, dep.asset_key, above, dep.partition_mapping)
    return VersionedDep(str(dep.asset_key), above.partitions_def, mapping)


@dataclass(frozen=True, slots=True)
class VersionsRead:
    """What some partitions of an asset read.

    Attributes:
        rows: For each partition, `(upstream key, digests of the data versions that exist)` by key.
        joint: Upstream key -> data version of everything read of it.
    """

    rows: list[list[tuple[str, list[int]]]]
    joint: dict[str, str]


def versions_read(asset: VersionedAsset, partitions: IndexSet, source: VersionSource | None) -> VersionsRead:
    """Look up what partitions of an asset read, all at once."""
    reads = [dep.reads(partitions, asset.grid) for dep in asset.deps]
    together = [IndexSet.of(*(r for read in by_partition for r in read.ranges)) for by_partition in reads]
    wanted = [(dep.key, dep.grid, read) for dep, read in zip(asset.deps, together, strict=True)]
    found = look_up(source, wanted)
    known = [dict(zip(read, marks, strict=True)) for read, marks in zip(together, found, strict=True)]
    joint = {dep.key: joint_version(marks) for dep, marks in zip(asset.deps, found, strict=True)}
    return VersionsRead(
        rows=[
            [
                (dep.key, _datas(marks, reads[i][at]))
                for i, (dep, marks) in enumerate(zip(asset.deps, known, strict=True))
            ]
            for at in range(len(partitions))
        ],
        joint={key: version for key, version in joint.items() if version is not None},
    )


def _datas(marks: Mapping[int, VersionMark | None], read: IndexSet) -> list[int]:
    return [mark.data for i in read if (mark := marks.get(i)) is not None]


def look_up(source: VersionSource | None, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
    """The marks of the wanted partitions; none without a source."""
    if source is None or not any(partitions for _, _, partitions in wanted):
        return [[None] * len(partitions) for _, _, partitions in wanted]
    return source.version_marks(wanted)


def made_marks(
    asset: VersionedAsset,
    partitions: IndexSet,
    source: VersionSource | None,
    run_id: str,
    given: str | None,
) -> tuple[list[VersionMark], dict[str, str]]:
    """The marks of what a step has made, one for each partition, and upstream key -> data version read.

    Args:
        asset: What was made.
        partitions: Which of its partitions; {0} without.
        source: Where the versions of upstream partitions are looked up.
        run_id: The run.
        given: The data version that the op gave.
    """
    read = versions_read(asset, partitions, source)
    return [asset.made(run_id, inputs_digest(row), given) for row in read.rows], read.joint


def joint_version(marks: Sequence[VersionMark | None]) -> str | None:
    """The data version of some partitions together; None when none of them has any."""
    first = marks[0] if marks else None
    if first is not None and all(mark == first for mark in marks):
        return first.version
    datas = [mark.data if mark else 0 for mark in marks]
    return f"{digest(*(data.to_bytes(8) for data in datas)):016x}" if any(datas) else None
