"""A fleet summary counts statuses, and lists single resources only if they are needed."""

from dataclasses import replace

from controller.core.status.summary import MOST_STAGES, OTHER, FleetSummary, summarize
from controller.model.plan import Item, Kind
from tests.builders.status import FALSE, TRUE, condition, status_of

READY = condition("Ready")
WRONG = replace(READY, status=FALSE, reason="AppLost")
STALLED = replace(WRONG, type="Stalled", status=TRUE)


def test_a_summary_of_no_statuses_counts_nothing() -> None:
    assert summarize(()) == FleetSummary()


def test_a_summary_counts_conditions_and_reasons_by_kind() -> None:
    wanted = status_of(Item(Kind.SUBSCRIPTION, "main", "b", "events"), WRONG, STALLED, at=3.0)
    found = summarize((status_of("a", READY), status_of("b", WRONG, STALLED), status_of("c", WRONG), wanted))
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
    statuses = (status_of("a", READY), status_of("b", WRONG), status_of("c"))
    assert summarize(statuses).ready == {}
    assert {item.name: truth for item, truth in summarize(statuses, each=True).ready.items()} == {
        "a": TRUE,
        "b": FALSE,
    }


def test_a_summary_counts_rare_stages_together() -> None:
    common = [status_of(f"c{i}", stage="FINALIZE") for i in range(3)]
    rare = [status_of(f"r{i}", stage=f"S{i:02}") for i in range(MOST_STAGES + 1)]
    found = summarize((*rare, *common)).stages
    assert found["FINALIZE"] == 3
    assert found[OTHER] == 2
    assert len(found) == MOST_STAGES + 1


def test_a_summary_of_few_stages_has_no_others() -> None:
    assert summarize([status_of("a", stage="FINALIZE"), status_of("b")]).stages == {"FINALIZE": 1, "": 1}
