"""A census counts statuses, and keeps apart only what somebody must hear of."""

from dataclasses import replace

from controller.core.status.summary import MOST_STAGES, OTHER, FleetSummary, summarize
from controller.model.plan import Item, Kind
from controller.model.status import Condition, Status, Truth

TRUE, FALSE = Truth.TRUE, Truth.FALSE
READY = Condition("Ready", TRUE, "Ready", "", 1.0, "r1")
WRONG = replace(READY, status=FALSE, reason="AppLost")
STALLED = replace(WRONG, type="Stalled", status=TRUE)


def app(name: str, *conditions: Condition, stage: str = "", at: float = 5.0) -> Status:
    return Status(Item(Kind.APP, "main", name, name), conditions, "r1", at, stage=stage)


def test_a_summary_of_no_statuses_counts_nothing() -> None:
    assert summarize(()) == FleetSummary()


def test_a_summary_counts_conditions_and_reasons_by_kind() -> None:
    wanted = Status(Item(Kind.SUBSCRIPTION, "main", "b", "events"), (WRONG, STALLED), "r1", 3.0)
    found = summarize((app("a", READY), app("b", WRONG, STALLED), app("c", WRONG), wanted))
    assert found.conditions == {
        (Kind.APP, "Ready", TRUE): 1,
        (Kind.APP, "Ready", FALSE): 2,
        (Kind.APP, "Stalled", TRUE): 1,
        (Kind.SUBSCRIPTION, "Ready", FALSE): 1,
        (Kind.SUBSCRIPTION, "Stalled", TRUE): 1,
    }
    assert found.reasons == {(Kind.APP, "AppLost"): 2, (Kind.SUBSCRIPTION, "AppLost"): 1}
    assert sorted(item.name for item in found.unready) == ["b", "c"]
    assert [item.name for item in found.stalled] == ["b"], "its subscription is told with it"
    assert found.oldest == 3.0


def test_a_summary_lists_single_resources_on_request_only() -> None:
    statuses = (app("a", READY), app("b", WRONG), app("c"))
    assert summarize(statuses).ready == {}
    assert {item.name: truth for item, truth in summarize(statuses, each=True).ready.items()} == {
        "a": TRUE,
        "b": FALSE,
    }


def test_a_summary_counts_rare_stages_together() -> None:
    common = [app(f"c{i}", stage="FINALIZE") for i in range(3)]
    rare = [app(f"r{i}", stage=f"S{i:02}") for i in range(MOST_STAGES + 1)]
    found = summarize((*rare, *common)).stages
    assert found["FINALIZE"] == 3
    assert found[OTHER] == 2
    assert len(found) == MOST_STAGES + 1


def test_a_summary_of_few_stages_has_no_others() -> None:
    assert summarize([app("a", stage="FINALIZE"), app("b")]).stages == {"FINALIZE": 1, "": 1}
