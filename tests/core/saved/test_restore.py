"""Plans from files: restored as they were saved, and refused if a row contradicts the manifests."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.planning.changes.approval import approval_of
from controller.core.planning.changes.effects import subject_of
from controller.core.planning.matched_app import app_item, tag_item
from controller.core.planning.subscriptions import HIDDEN, UNKNOWN, drift
from controller.core.render.plans import plan_document, plan_text
from controller.core.saved.document import (
    read_document,
)
from controller.core.saved.restore import restored
from controller.core.saved.saved_plan import SavedPlan
from controller.errors import PlanFileError
from controller.model.manifest import Subscription
from controller.model.modes import MODES
from controller.model.plan import (
    Action,
    Blocked,
    Foreign,
    HeldChange,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unmanaged,
    Unsubscribe,
    Update,
    Verb,
    WaitFor,
    Waiting,
)
from controller.model.upstream import RemoteSubscription, SubscriptionId
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app
from tests.builders.plan import ITEM, SUB
from tests.builders.saved_plan import (
    CALLED,
    DECLARED,
    ROWS,
    SCHEMA,
    after,
    again,
    before,
    forged,
    row,
    saved,
    text_of,
)
from tests.builders.upstream import MOVED, app_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
"""Any text that UTF-8 can hold: ends of lines, NUL, escapes of a terminal, other scripts."""

flags = st.booleans()
any_modes = st.one_of(
    st.tuples(
        st.none(), st.lists(st.sampled_from([*MODES, "bits 8192", "bits 7"]) | texts, max_size=3).map(tuple)
    ),
    st.tuples(st.integers(-1, 1 << 40), st.just(())),
    st.tuples(st.none(), st.permutations(["SENT", "READ"]).map(tuple)),
)


@st.composite
def remotes(draw: st.DrawFn) -> RemoteSubscription:
    mode, names = draw(any_modes)
    return RemoteSubscription(
        SubscriptionId(draw(texts)),
        draw(texts),
        draw(texts | st.just(WANTED.url)),
        draw(st.none() | st.integers(0, 9)),
        mode,
        names,
        active=draw(flags),
    )


@st.composite
def updates(draw: st.DrawFn, wanted: Subscription) -> Update:
    found = draw(remotes())
    hidden = draw(st.sampled_from([HIDDEN, UNKNOWN])) if draw(flags) and wanted.headers else None
    changes = {**drift(wanted, found), **({} if hidden is None else {"headers": hidden})}
    never = changes == {"headers": UNKNOWN}
    return Update(wanted, app_id(), found, changes, drift=draw(flags), unknown=never)


def subscriptions() -> st.SearchStrategy[Subscription]:
    return st.sampled_from(DECLARED.subscriptions)


def actions() -> st.SearchStrategy[Action]:
    apps = st.sampled_from(DECLARED.apps)
    return st.one_of(
        st.builds(Link, apps),
        st.builds(SetCallback, st.just(CALLED), st.just(app_id()), st.just(CALLBACK), flags, flags),
        st.builds(Subscribe, subscriptions(), st.just(app_id()), flags),
        subscriptions().flatmap(updates),
        st.builds(Unsubscribe, apps, st.just(app_id()), remotes()),
    )


effects = st.one_of(actions(), st.sampled_from(DECLARED.apps), subscriptions())
moments = st.none() | st.floats(0, 1e12)


@st.composite
def waits(draw: st.DrawFn) -> Waiting:
    effect = draw(st.none() | effects)
    verb, item = (draw(st.sampled_from(Verb)), draw(items)) if effect is None else subject_of(effect)
    return Waiting(verb, item, draw(st.sampled_from(WaitFor)), draw(moments), draw(texts), effect)


items = st.sampled_from([ITEM, SUB, app_item(app(9))]) | texts.map(lambda tag: tag_item(APP, tag))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    def some(of: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(st.lists(of, max_size=2)))

    return Plan(
        PARTNER,
        "r1",
        actions=some(actions()),
        waiting=some(waits()),
        blocked=some(st.builds(Blocked, items, texts, texts, st.none() | effects)),
        held=some(st.builds(HeldChange, actions(), texts, texts)),
        unmanaged=some(st.builds(Unmanaged, items, texts)),
        foreign=some(
            st.builds(
                Foreign,
                items,
                texts,
                texts,
                st.lists(texts, max_size=2).map(tuple),
                st.none() | st.integers(),
                flags,
            )
        ),
        unchanged=some(items),
        provisioning=some(items),
        unverifiable=some(items),
        touched=draw(st.none() | st.frozensets(items, max_size=3)),
    )


def restore(found: SavedPlan) -> tuple[Plan, ...]:
    return restored(read_document(text_of(found), SCHEMA)["plans"], DECLARED)


@given(plans())
def test_a_plan_of_any_entries_is_restored_as_it_was(plan: Plan) -> None:
    """A person sees the same, and a run may do the same."""
    (found,) = restore(saved(plan))
    assert plan_text([found], "r1") == plan_text([plan], "r1")
    assert plan_document([found], "r1") == plan_document([plan], "r1")
    one, other = approval_of(found), approval_of(plan)
    assert (one.actions.keys(), one.waiting.keys()) == (other.actions.keys(), other.waiting.keys())
    assert text_of(saved(found)) == text_of(saved(plan))


def test_long_texts_from_gupshup_do_not_spoil_a_file() -> None:
    long = "x" * 100_000
    found = replace(MOVED, url=long, tag=long, mode=None, modes=(long,))
    plan = Plan(PARTNER, "r1", actions=(Unsubscribe(APP, app_id(), found),))
    (again,) = restore(saved(plan))
    assert plan_text([again], "r1") == plan_text([plan], "r1")


WAIT = {"for": "live", "until": None, "message": ""}
NOT_DECLARED = "is not what its own manifests declare; plan again"


@pytest.mark.parametrize("name", ROWS)
def test_each_action_is_restored_from_its_row(name: str) -> None:
    (found,) = restored([forged(actions=[row(name)])], DECLARED)
    (again,) = found.actions
    assert type(again) is type(ROWS[name])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(forged(partner="nobody"), "no Partner nobody; plan again", id="an unknown partner"),
        pytest.param(forged(actions=[row(app="app-9")]), "do not declare App/app-9", id="an unknown app"),
        pytest.param(
            forged(partner="other", actions=[row()]), "not declare App/app-0001", id="another partner's app"
        ),
        pytest.param(
            forged(actions=[row("subscribe", name="audit")]),
            "do not declare Subscription/audit on App/app-0001",
            id="an unknown subscription",
        ),
        pytest.param(forged(actions=[after("link", phone="1")]), NOT_DECLARED, id="another phone"),
        pytest.param(forged(actions=[row(after=None)]), NOT_DECLARED, id="a link without its values"),
        pytest.param(forged(actions=[row(name="x")]), NOT_DECLARED, id="a link under another name"),
        pytest.param(forged(actions=[row(kind="Subscription")]), NOT_DECLARED, id="a link of another kind"),
        pytest.param(
            forged(actions=[after("callback", callbackUrl="https://evil.example.com")]),
            NOT_DECLARED,
            id="another callback",
        ),
        pytest.param(
            forged(actions=[row("callback", app="app-0002", name="app-0002")]),
            NOT_DECLARED,
            id="a callback of an app without one",
        ),
        pytest.param(
            forged(actions=[after("subscribe", url="https://evil.example.com")]),
            NOT_DECLARED,
            id="another URL",
        ),
        pytest.param(
            forged(actions=[after("subscribe", headers={"X-A": {"env": "PATH"}})]),
            NOT_DECLARED,
            id="another header",
        ),
        pytest.param(forged(actions=[before("update", phone="1")]), NOT_DECLARED, id="a value too many"),
        pytest.param(forged(actions=[row("update", before={})]), NOT_DECLARED, id="no value before"),
        pytest.param(
            forged(actions=[row("update", mode=None, before=row("update")["before"] | {"modes": []})]),
            None,
            id="an update of other modes, which nobody can check",
        ),
        pytest.param(forged(actions=[row("update", mode=4)]), NOT_DECLARED, id="bits of other modes"),
        pytest.param(forged(actions=[before("unsubscribe", tag="x")]), NOT_DECLARED, id="another tag"),
        pytest.param(forged(actions=[row("unsubscribe", after={})]), NOT_DECLARED, id="something after it"),
        pytest.param(
            forged(held=[{"guard": "g", "message": "", "effect": row(name="x")}]), NOT_DECLARED, id="held"
        ),
        pytest.param(
            forged(
                waiting=[
                    {
                        "verb": "subscribe",
                        "kind": "Subscription",
                        "name": "events",
                        "app": "app-0001",
                        **WAIT,
                        "effect": row("unsubscribe"),
                    }
                ]
            ),
            "follows the wait of Subscription/events on App/app-0001 is about another item",
            id="a wait that hides another change",
        ),
        pytest.param(
            forged(
                waiting=[
                    {
                        "verb": "unsubscribe",
                        "kind": "App",
                        "name": "app-0001",
                        "app": "app-0001",
                        **WAIT,
                        "effect": row(),
                    }
                ]
            ),
            "is about another item",
            id="a wait with another verb",
        ),
        pytest.param(
            forged(
                blocked=[
                    {
                        "kind": "App",
                        "name": "app-0001",
                        "app": "app-0001",
                        "reason": "",
                        "message": "",
                        "effect": row(name="x"),
                    }
                ]
            ),
            NOT_DECLARED,
            id="blocked",
        ),
    ],
)
def test_a_row_that_contradicts_the_manifests_is_refused(found: dict[str, Any], words: str | None) -> None:
    read_document(again(plans=[found], upstreams={found["partner"]: "x#1"}), SCHEMA)
    if words is None:
        assert restored([found], DECLARED)
        return
    with pytest.raises(PlanFileError) as refused:
        restored([found], DECLARED)
    assert words in str(refused.value)
