"""What becomes of the status of partitions when a definition gets other keys: what has the same key keeps it."""

from __future__ import annotations

from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.partitions.mapping import same_keys


def moves_status(old: PartitionsDefinition | None, new: PartitionsDefinition | None) -> bool:
    """True when the status of partitions must be carried from one index space to another."""
    return old is not None and new is not None and old.status_identity != new.status_identity


def carried(old_def: PartitionsDefinition, new_def: PartitionsDefinition, old: IndexSet, new: IndexSet) -> IndexSet:
    """Partitions of the new definition that have a status.

    Args:
        old_def: The definition that held until now.
        new_def: The one that holds from now on.
        old: Partitions of the old one that have it.
        new: Partitions of the new one that had it when it held before; of keys that the old one lacks they stay.
    """
    known = same_keys(same_keys(new, new_def, old_def), old_def, new_def)
    return (new - known) | same_keys(old, old_def, new_def)


def pairs(old_def: PartitionsDefinition, new_def: PartitionsDefinition, old: IndexSet) -> list[tuple[int, int]]:
    """`(old place, new place)` in the index spaces of status, for partitions of the old definition."""
    found = []
    for index in old:
        target = new_def.find(old_def.key_at(index))
        if target is not None:
            places = (d.to_status(IndexSet.range(i, i + 1)) for d, i in ((old_def, index), (new_def, target)))
            found.append(tuple(place.first for place in places))
    return [(first, second) for first, second in found]
