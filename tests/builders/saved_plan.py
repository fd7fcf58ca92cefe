"""Files of saved plans, honest and forged, in a few words a test."""

import json
from dataclasses import replace
from typing import Any

from controller.core.planning.digest import digest
from controller.core.planning.subscriptions import drift
from controller.core.saved.document import (
    saved_document,
)
from controller.core.saved.saved_plan import SavedPlan
from controller.edges.source.schemas import saved_plan as schema_of_saved_plans
from controller.model.manifest import FromEnv, FromFile
from controller.model.plan import (
    Action,
    Link,
    Plan,
    SetCallback,
    Subscribe,
    Unsubscribe,
    Update,
)
from controller.model.source import SourceFile
from tests.builders.manifest import APP, CALLBACK, PARTNER, WANTED, app, desired, subscription
from tests.builders.upstream import EXTRA, MOVED, app_id

SCHEMA = schema_of_saved_plans()
OTHER = replace(PARTNER, name="other")
CALLED = replace(APP, callback_url=CALLBACK, storage_region="IN")
HEADED = replace(WANTED, headers={"X-B": FromFile("/run/b"), "X-A": FromEnv("HOOK_A")})
DECLARED = replace(desired(CALLED, HEADED, app(2), subscription(2)), partners=(PARTNER, OTHER))


def saved(*found: Plan, at: float = 1000.5) -> SavedPlan:
    files = (SourceFile("manifests/ä.yaml", "kind: App # \x85 ü\r\n".encode()),)
    upstreams = {each.partner.name: "https://partner.gupshup.io#1" for each in found}
    return SavedPlan(at, "r1", upstreams, files, found, frozenset({"app-0001"}))


def text_of(found: SavedPlan) -> str:
    return json.dumps(saved_document(found), ensure_ascii=False)


LINK, PUT = Link(CALLED), Update(HEADED, app_id(), MOVED, drift(HEADED, MOVED), drift=False)
ROWS: dict[str, Action] = {
    "link": LINK,
    "callback": SetCallback(CALLED, app_id(), CALLBACK),
    "subscribe": Subscribe(HEADED, app_id()),
    "update": PUT,
    "unsubscribe": Unsubscribe(APP, app_id(), EXTRA),
}


def row(effect: str = "link", /, **changed: object) -> dict[str, Any]:
    """Return the row of an action, with some of its keys *changed*."""
    plan = Plan(PARTNER, "r1", actions=(ROWS[effect],))
    (action,) = document(plan)["plans"][0]["actions"]
    return {**action, **changed}


def document(*found: Plan) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text_of(saved(*found)))
    return loaded


def forged(**changed: object) -> dict[str, Any]:
    """Return the row of a plan, with some of its keys *changed*."""
    return {**document(Plan(PARTNER, "r1"))["plans"][0], **changed}


def before(effect: str, /, **changed: object) -> dict[str, Any]:
    return row(effect, before={**row(effect)["before"], **changed})


def after(effect: str, /, **changed: object) -> dict[str, Any]:
    return row(effect, after={**row(effect)["after"], **changed})


def again(**changed: object) -> str:
    """Return a file with some keys *changed*, as a forger writes it: its digest is right."""
    content = {**document(Plan(PARTNER, "r1", actions=(LINK,))), **changed}
    content.pop("digest")
    return json.dumps({**content, "digest": digest(content)})
