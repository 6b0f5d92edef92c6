"""Automation conditions: what can be said with them. Nothing is evaluated."""

import datetime
import pickle

import pytest

CRON = "0 9 * * *"

LEAVES = [
    *("missing", "run_in_progress", "backfill_in_progress", "execution_failed", "newly_updated", "newly_requested"),
    *("will_be_requested", "initial_evaluation", "code_version_changed", "data_version_changed"),
    *("executed_with_root_target", "check_passed", "check_failed", "in_latest_time_window"),
]
LABELLED = {
    "eager": "AND",
    "on_missing": "AND",
    "in_progress": "OR",
    "newly_missing": "NEWLY_TRUE",
    "any_deps_missing": "ANY_DEPS_MATCH",
    "any_deps_updated": "ANY_DEPS_MATCH",
    "any_deps_in_progress": "ANY_DEPS_MATCH",
    "all_deps_blocking_checks_passed": "ALL_DEPS_MATCH",
}


def tree(condition):
    """A condition as (label, name, children)."""
    return condition.get_label(), condition.name, [tree(child) for child in condition.children]


@pytest.mark.parametrize("name", [name for name in LEAVES if not name.startswith("check_")])
def test_what_is_made_of_nothing_has_its_name(dg, name):
    condition = getattr(dg.AutomationCondition, name)()
    assert tree(condition) == (None, name, [])
    assert condition == getattr(dg.AutomationCondition, name)()
    assert isinstance(condition, dg.AutomationCondition)
    assert condition.is_serializable


@pytest.mark.parametrize("name", LABELLED)
def test_what_is_ready_has_a_label(dg, name):
    condition = getattr(dg.AutomationCondition, name)()
    assert (condition.get_label(), condition.name) == (name, LABELLED[name])
    assert {condition, getattr(dg.AutomationCondition, name)()} == {condition}
    assert condition != dg.AutomationCondition.missing()


def test_eager_is_made_of_these(dg):
    handled = [(None, "newly_requested", []), (None, "newly_updated", []), (None, "initial_evaluation", [])]
    missing = ("newly_missing", "NEWLY_TRUE", [(None, "missing", [])])
    not_root = (None, "NOT", [(None, "executed_with_root_target", [])])
    alone = ("newly_updated_without_root", "AND", [(None, "newly_updated", []), not_root])
    requested = (None, "will_be_requested", [])
    updated = ("any_deps_updated", "ANY_DEPS_MATCH", [(None, "OR", [alone, requested])])
    in_progress = ("in_progress", "OR", [(None, "run_in_progress", []), (None, "backfill_in_progress", [])])
    absent = (None, "AND", [(None, "missing", []), (None, "NOT", [requested])])
    assert tree(dg.AutomationCondition.eager()) == (
        "eager",
        "AND",
        [
            (None, "in_latest_time_window", []),
            (None, "SINCE", [(None, "OR", [missing, updated]), ("handled", "OR", handled)]),
            (None, "NOT", [("any_deps_missing", "ANY_DEPS_MATCH", [absent])]),
            (None, "NOT", [("any_deps_in_progress", "ANY_DEPS_MATCH", [in_progress])]),
            (None, "NOT", [in_progress]),
        ],
    )


def test_on_cron_is_made_of_these(dg):
    tick = (None, f"cron_tick_passed(cron_schedule={CRON}, cron_timezone=Europe/Berlin)", [])
    handled = [(None, "newly_requested", []), (None, "newly_updated", []), (None, "initial_evaluation", [])]
    since = (None, "SINCE", [(None, "newly_updated", []), tick])
    assert tree(dg.AutomationCondition.on_cron(CRON, "Europe/Berlin")) == (
        f"on_cron({CRON}, Europe/Berlin)",
        "AND",
        [
            (None, "in_latest_time_window", []),
            (None, "SINCE", [tick, ("handled", "OR", handled)]),
            (
                f"all_deps_updated_since_cron({CRON}, Europe/Berlin)",
                "ALL_DEPS_MATCH",
                [(None, "OR", [since, (None, "will_be_requested", [])])],
            ),
        ],
    )


def test_on_missing_is_made_of_these(dg):
    window, since, absent = dg.AutomationCondition.on_missing().children
    assert window == dg.AutomationCondition.in_latest_time_window()
    assert since.get_label() == "missing_since_last_handled"
    assert absent == ~dg.AutomationCondition.any_deps_missing()


@pytest.mark.parametrize("schedule", ["bad", "61 * * * *", ""])
def test_a_bad_schedule_is_refused(dg, schedule):
    for make in (dg.AutomationCondition.on_cron, dg.AutomationCondition.cron_tick_passed):
        with pytest.raises(Exception, match="cron"):
            make(schedule)


def test_options_stand_in_the_name(dg):
    condition = dg.AutomationCondition
    delta = datetime.timedelta(hours=3)
    assert condition.in_latest_time_window(delta).name == "in_latest_time_window(lookback_timedelta=3:00:00)"
    tagged = condition.executed_with_tags(tag_keys={"b", "a"}, tag_values={"z": "1", "c": "2"})
    assert tagged.name == "executed_with_tags(tag_keys={a,b}, tag_values={c:2,z:1})"
    assert condition.any_new_update_has_run_tags(tag_keys={"a"}).name == "any_new_update_has_run_tags(tag_keys={a})"
    assert condition.all_checks_match(condition.check_passed()).name == "ALL_CHECKS_MATCH"
    blocking = condition.any_checks_match(condition.check_passed(), blocking_only=True)
    assert blocking.name == "ANY_CHECKS_MATCH(blocking_only=True)"


def test_descriptions(dg):
    condition = dg.AutomationCondition
    missing = condition.missing()
    both = [missing & condition.in_progress(), missing | condition.in_progress(), ~missing]
    assert [one.description for one in both] == ["All of", "Any of", "Not"]
    assert missing.description == ""


def test_operators_of_one_kind_are_joined(dg):
    a, b, c = (getattr(dg.AutomationCondition, name)() for name in LEAVES[:3])
    assert (a & b & c).children == (a & (b & c)).children == [a, b, c]
    assert (a | b | c).children == (a | (b | c)).children == [a, b, c]
    assert (a & b | c).children == [a & b, c]
    assert (~~a).children == [~a]
    assert (a & b.newly_true()) != (b.newly_true() & a)


def test_a_label_keeps_conditions_apart(dg):
    a, b, c = (getattr(dg.AutomationCondition, name)() for name in LEAVES[:3])
    labelled = (a & b).with_label("both")
    assert labelled.get_label() == "both"
    assert (labelled & c).children == [labelled, c]
    assert labelled != a & b


def test_newly_true_and_since(dg):
    a, b = dg.AutomationCondition.missing(), dg.AutomationCondition.in_progress()
    assert tree(a.newly_true()) == (None, "NEWLY_TRUE", [tree(a)])
    assert tree(a.since(b)) == (None, "SINCE", [tree(a), tree(b)])
    assert (a.since(b).trigger_condition, a.since(b).reset_condition) == (a, b)
    assert a.since_last_handled().children[1].get_label() == "handled"


def test_conditions_are_made_of_conditions(dg):
    condition = dg.AutomationCondition
    missing = condition.missing()
    for make in (missing.__and__, missing.__or__, missing.since, condition.any_deps_match, condition.all_deps_match):
        with pytest.raises(Exception, match="5"):
            make(5)


def test_replacing_by_condition_name_and_label(dg):
    condition = dg.AutomationCondition
    missing, other = condition.missing(), condition.newly_updated()
    both = missing & condition.in_progress()
    assert both.replace(missing, other) == both.replace("missing", other) == other & condition.in_progress()
    assert both.replace("in_progress", other) == missing & other
    assert both.replace("nothing", other) == both
    assert both.replace("AND", other) == other
    assert missing.replace(missing, other) == other


def test_replacing_reaches_inside(dg):
    condition = dg.AutomationCondition
    missing, other = condition.missing(), condition.newly_updated()
    for make in (condition.any_deps_match, condition.all_deps_match, missing.since, lambda c: ~c):
        assert make(missing).replace("missing", other).children[-1] == other
    assert condition.asset_matches("a", missing).replace("missing", other) == condition.asset_matches("a", other)
    assert missing.since_last_handled().replace("handled", other) == missing.since(other)
    assert missing.newly_true().replace("missing", other) == missing.newly_true()


def test_a_part_of_eager_is_replaced(dg):
    condition = dg.AutomationCondition
    changed = condition.eager().replace("any_deps_missing", condition.missing())
    assert changed.get_label() == "eager"
    assert changed.children[2] == ~condition.missing()


def test_without(dg):
    condition = dg.AutomationCondition
    eager = condition.eager()
    less = eager.without(condition.in_latest_time_window())
    assert less.children == eager.children[1:]
    assert less.get_label() == "eager"
    assert len(less.without(~condition.any_deps_missing()).children) == 3


def test_what_is_not_there_cannot_be_left_out(dg):
    condition = dg.AutomationCondition
    with pytest.raises(Exception, match="ondition"):
        condition.eager().without(condition.missing())
    with pytest.raises(Exception, match="ondition"):
        (condition.missing() & condition.in_progress()).without(condition.missing())
    with pytest.raises(AttributeError):
        condition.missing().without(condition.missing())
    with pytest.raises(AttributeError):
        (condition.missing() | condition.in_progress()).without(condition.missing())


def test_restricting_dependencies(dg):
    condition = dg.AutomationCondition
    selection = dg.AssetSelection.assets("a")
    deps = condition.any_deps_match(condition.missing())
    assert deps.allow(selection) == deps.allow(dg.AssetSelection.assets("a")) != deps
    assert deps.ignore(selection) != deps.allow(selection)
    assert (~deps).allow(selection) == ~deps.allow(selection)
    assert (condition.missing() & deps).ignore(selection) == condition.missing() & deps.ignore(selection)
    assert deps.since(deps).allow(selection) == deps.allow(selection).since(deps.allow(selection))
    assert deps.allow(selection).name.startswith("ANY_DEPS_MATCH(allow_selection=")
    assert condition.eager().allow(selection).get_label() == "eager"
    assert condition.eager().allow(selection) != condition.eager()


def test_what_has_no_dependencies_is_not_restricted(dg):
    with pytest.raises(AttributeError):
        dg.AutomationCondition.missing().allow(dg.AssetSelection.assets("a"))
    with pytest.raises(Exception, match="election"):
        dg.AutomationCondition.any_deps_match(dg.AutomationCondition.missing()).allow("a")


def test_a_condition_is_pickled(dg):
    condition = dg.AutomationCondition.eager().replace("missing", dg.AutomationCondition.on_cron(CRON))
    assert pickle.loads(pickle.dumps(condition)) == condition


def test_a_condition_is_printed(dg):
    shown = repr(dg.AutomationCondition.eager())
    assert "eager" in shown
    assert "any_deps_missing" in shown


def test_one_of_ones_own(dg):
    class Mine(dg.AutomationCondition):
        def evaluate(self, context): ...

    mine = Mine()
    assert (mine.name, mine.get_label(), mine.description, list(mine.children)) == ("Mine", None, "", [])
    assert not mine.is_serializable
    assert (mine & dg.AutomationCondition.missing()).children[0] is mine
    assert mine.replace("Mine", dg.AutomationCondition.missing()) == dg.AutomationCondition.missing()
    with pytest.raises(TypeError):
        dg.AutomationCondition()


def test_assets_and_specs_carry_a_condition(dg):
    eager = dg.AutomationCondition.eager()

    @dg.asset(automation_condition=eager)
    def one(): ...

    assert one.automation_conditions_by_key == {one.key: eager}
    assert dg.AssetSpec("a", automation_condition=eager).automation_condition == eager
    assert dg.SourceAsset("a", automation_condition=eager).automation_condition == eager
    assert dg.Definitions([one]).get_assets_def("one").get_asset_spec().automation_condition == eager


def test_what_is_no_condition_is_refused(dg):
    for make in (dg.AssetSpec, dg.SourceAsset):
        with pytest.raises(Exception, match="automation_condition"):
            make("a", automation_condition="eager")
    with pytest.raises(Exception, match="automation_condition"):

        @dg.asset(automation_condition=5)
        def refused(): ...
