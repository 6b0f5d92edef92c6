"""What the instance tells and does, in a step and around runs."""


def test_a_step_adds_dynamic_partitions(world):
    dg = world.dg

    @dg.asset
    def regions(context):
        context.instance.add_dynamic_partitions("regions", ["eu", "us"])
        context.instance.add_dynamic_partitions("regions", ["us", "asia"])
        context.instance.delete_dynamic_partition("regions", "eu")
        context.instance.add_dynamic_partitions("regions", [])

    @dg.asset(deps=[regions])
    def seen(context):
        held = context.instance.get_dynamic_partitions("regions")
        return [
            list(held),
            context.instance.has_dynamic_partition("regions", "us"),
            context.instance.has_dynamic_partition("regions", "eu"),
            list(context.instance.get_dynamic_partitions("others")),
        ]

    outcome = world.run([regions, seen])
    assert outcome.success, outcome.errors
    assert outcome.value("seen") == [["us", "asia"], True, False, []]
