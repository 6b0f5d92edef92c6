"""What `pool=` may be."""

import pytest

from assetq import AssetKey, Definitions, asset
from assetq.definitions.pool_name import bundle_of, slots_of
from assetq.errors import DefinitionError
from assetq.planning import make_plan


def test_slots_as_text_and_back():
    for slots in ((("db", 1),), (("db", 2), ("api", 1)), (("a/b.c", 1000),)):
        assert slots_of(bundle_of(slots)) == slots
    assert bundle_of((("db", 1),)) == "db"


def test_a_step_may_need_several_pools():
    @asset(pool={"db": 2, "api": 1})
    def heavy(): ...

    assert heavy.op.pool == "db"
    assert heavy.op.pools == {"db", "api"}
    defs = Definitions([heavy])
    assert defs.graph.get(AssetKey("heavy")).pools == {"db", "api"}
    (node,) = make_plan(defs).nodes
    assert (node.bundle, node.pool, node.pools) == ("db*2+api", "db", ("db", "api"))


@pytest.mark.parametrize(
    "pool", [{}, {"a b": 1}, {"db": 0}, {"db": True}, {"db": 1.5}, {"db": 1001}, ["db"], "a+b", "a*2"]
)
def test_what_is_no_pool_is_refused(pool):
    with pytest.raises(DefinitionError, match="'heavy' has pool"):

        @asset(pool=pool)
        def heavy(): ...
