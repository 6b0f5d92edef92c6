"""The form in which plans travel: msgpack, with each partitions definition and each mapping written once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from importlib.metadata import version
from typing import Any, TypeVar

import msgpack

from assetq.definitions import Backoff, Jitter, RetryPolicy
from assetq.errors import PlanError, UsageError
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition, mapping_from_dict, partitions_from_dict
from assetq.planning.fan import Fan
from assetq.planning.node import GraphPart, PlanEdge, PlanNode

T = TypeVar("T", bound=Hashable)


def pack_plan(nodes: Iterable[PlanNode], edges: Iterable[PlanEdge], selection: str, job: str = "") -> bytes:
    """A few kilobytes however many steps there are."""
    grids: dict[PartitionsDefinition | None, int] = {None: 0}
    mappings: dict[PartitionMapping, int] = {}
    fans: dict[Fan | None, int] = {None: 0}
    document = {
        "nodes": [_node_to_dict(n, _place(grids, n.partitions_def), _place(fans, n.fan)) for n in nodes],
        "edges": [part for e in edges for part in (e.upstream, e.downstream, _place(mappings, e.mapping))],
        "grids": [grid.to_dict() if grid else None for grid in grids],
        "mappings": [mapping.to_dict() for mapping in mappings],
        "selection": selection,
        "job": job,
        "fans": [[fan.source, fan.output, fan.keys] if fan else None for fan in fans],
    }
    packed: bytes = msgpack.packb(document)
    return packed


def _place(table: dict[T, int], value: T) -> int:
    return table.setdefault(value, len(table))


def unpack_plan(data: bytes) -> tuple[tuple[PlanNode, ...], tuple[PlanEdge, ...], str, str]:
    """Nodes, edges, selection and job of the plan that `pack_plan` wrote; needs none of the user's code.

    Raises:
        PlanError: The bytes are none that this version wrote.
    """
    try:
        return _unpack(data)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, UsageError) as error:
        raise PlanError(
            f"The stored plan of {len(data or b'')} bytes cannot be read ({type(error).__name__}: {error}). Another "
            f"version of assetq wrote it, or it is damaged; this is version {version('assetq')}. Submit the run "
            "again, with the version that the workers have."
        ) from error


def _unpack(data: bytes) -> tuple[tuple[PlanNode, ...], tuple[PlanEdge, ...], str, str]:
    document = msgpack.unpackb(data)
    grids = [partitions_from_dict(grid) for grid in document["grids"]]
    mappings = [mapping_from_dict(mapping) for mapping in document["mappings"]]
    fans = [None if fan is None else _fan(*fan) for fan in document.get("fans", [None])]
    nodes = tuple(
        _node_from_dict(i, node, grids[node["grid"]], fans[node.get("fan", 0)])
        for i, node in enumerate(document["nodes"])
    )
    flat = document["edges"]
    edges = (
        PlanEdge(upstream, downstream, mappings[at])
        for upstream, downstream, at in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    )
    return nodes, tuple(edges), document["selection"], document.get("job", "")


def _node_to_dict(node: PlanNode, grid: int, fan: int) -> dict[str, Any]:
    return {
        "name": node.name,
        "assets": node.assets,
        "pool": node.bundle,
        "grid": grid,
        "partitions": node.partitions.to_wire(),
        "chunk": node.chunk,
        "retry": _retry_to_dict(node.retry),
        "priority": node.priority,
        "fingerprint": node.fingerprint,
        "checks": node.checks,
        "reversed": node.is_reversed,
        "part": None if node.part is None else [node.part.graph, node.part.selected, node.part.outputs],
        **({"key": node.key, "tags": dict(node.tags)} if node.key else {}),
        **({"fan": fan, "taken": node.taken.to_wire()} if node.fan else {}),
    }


def _fan(source: str, output: str, keys: list[str] | None) -> Fan:
    return Fan(source, output, None if keys is None else tuple(keys))


def _node_from_dict(index: int, data: dict[str, Any], grid: PartitionsDefinition | None, fan: Fan | None) -> PlanNode:
    return PlanNode(
        index=index,
        name=data["name"],
        assets=tuple(data["assets"]),
        bundle=data["pool"],
        partitions_def=grid,
        partitions=IndexSet.from_wire(data["partitions"]),
        chunk=data["chunk"],
        retry=_retry_from_dict(data["retry"]),
        priority=data["priority"],
        fingerprint=data["fingerprint"],
        checks=tuple(data["checks"]),
        is_reversed=data["reversed"],
        part=_part(data.get("part")),
        key=data.get("key", ""),
        tags=data.get("tags", {}),
        fan=fan,
        taken=IndexSet.from_wire(data.get("taken", [0, 1])),
    )


def _part(data: list[Any] | None) -> GraphPart | None:
    return None if data is None else GraphPart(data[0], tuple(data[1]), tuple(data[2]))


def _retry_to_dict(retry: RetryPolicy | None) -> dict[str, Any] | None:
    if retry is None:
        return None
    return {
        "max_retries": retry.max_retries,
        "delay": retry.delay,
        "backoff": retry.backoff.value if retry.backoff else None,
        "jitter": retry.jitter.value if retry.jitter else None,
    }


def _retry_from_dict(data: dict[str, Any] | None) -> RetryPolicy | None:
    if data is None:
        return None
    backoff = Backoff(data["backoff"]) if data["backoff"] else None
    jitter = Jitter(data["jitter"]) if data["jitter"] else None
    return RetryPolicy(data["max_retries"], data["delay"], backoff, jitter)
