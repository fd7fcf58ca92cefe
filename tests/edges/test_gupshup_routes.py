"""Only the calls of the table can be made, and no odd id turns one into another."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.edges.gupshup import app_id, subscription_id
from controller.edges.gupshup.routes import MINT, ROUTES, Auth, Call
from controller.errors import Usage
from controller.model.manifest import AppId, Bucket
from controller.model.secret import Secret
from controller.model.upstream import SubscriptionId
from tests.edges.routes import APP, SUB

PATH = re.compile(r"/|(/[A-Za-z0-9-]+)+")
ODD = [
    "",
    " ",
    "/",
    "%2f",
    "..",
    ".",
    "\n",
    f"{APP}\n",
    f"{APP}/",
    f" {APP}",
    "٣",
    "\uff18\uff11\uff16\uff16",
    "8166/..",
    "-1",
    "1.0",
]


@pytest.mark.parametrize("odd", [*ODD, None, 0.5, True, [], b"8166", 10**20, -1, "1" * 21])
def test_a_malformed_id_is_refused_in_a_path(odd: object) -> None:
    with pytest.raises(Usage):
        app_id(odd)
    with pytest.raises(Usage):
        subscription_id(odd)


@given(
    st.one_of(st.text(), st.from_regex(r"[0-9a-f-]{36}"), st.none(), st.integers()),
    st.one_of(st.text(), st.none()),
)
def test_no_id_builds_a_path_outside_the_table_of_routes(app: object, subscription: object) -> None:
    for route in ROUTES:
        try:
            path = Call(route, app, subscription, partner="1368").path  # type: ignore[arg-type]  # cheated
        except Usage:
            continue
        assert PATH.fullmatch(path)
        assert path.count("/") == route.template.count("/")


def test_no_route_deletes_all_subscriptions_of_an_app() -> None:
    deleting = [route.template for route in ROUTES if route.method == "DELETE"]

    assert deleting == ["/partner/app/{app}/subscription/{subscription}"]
    with pytest.raises(Usage):
        Call(next(route for route in ROUTES if route.method == "DELETE"), APP, SubscriptionId(""))


def test_ids_in_paths_have_one_form() -> None:
    assert app_id(APP.upper()) == APP
    assert subscription_id(8166) == subscription_id("8166") == SUB


def test_each_route_spends_the_budget_that_gupshup_keeps_for_it() -> None:
    spent = {route.name: route.bucket for route in ROUTES if route.bucket is not Bucket.OTHER}

    assert spent == {
        "login": Bucket.LOGIN,
        "mint": Bucket.MINT,
        "tokens": Bucket.AUTH,
        "revoke": Bucket.AUTH,
        "app mint": Bucket.APP_MINT,
        "app tokens": Bucket.AUTH,
        "app revoke": Bucket.APP_MINT,
        "app token": Bucket.TOKEN,
        "link": Bucket.LINK,
        "list": Bucket.LIST,
        "pipeline": Bucket.PIPELINE,
        "callback": Bucket.CALLBACK,
        "subscriptions": Bucket.SUBSCRIPTION,
        "subscribe": Bucket.SUBSCRIPTION,
        "update": Bucket.SUBSCRIPTION,
        "unsubscribe": Bucket.SUBSCRIPTION,
    }


def test_only_token_and_subscription_routes_are_counted_per_app() -> None:
    counted = {route.name for route in ROUTES if Call(route, APP, SUB, partner="1368").budget == APP}

    assert counted == {"app token", "subscriptions", "subscribe", "update", "unsubscribe"}


def test_an_app_token_is_taken_only_under_an_app_path() -> None:
    assert all("/partner/app/{app}/" in route.template for route in ROUTES if route.auth is Auth.APP)


def test_a_call_shows_neither_its_secrets_nor_its_query() -> None:
    call = Call(ROUTES[0], query={"phone": "91987"}, form={"password": Secret("hunter22")})

    assert "hunter22" not in repr(call)
    assert call.what == "POST /partner/account/login"
    assert call.secrets == (Secret("hunter22"),)


def test_a_route_whose_path_names_an_app_needs_an_app() -> None:
    with pytest.raises(Usage, match="UUID"):
        Call(ROUTES[1], AppId(""))


@pytest.mark.parametrize("odd", [*(odd for odd in ODD if odd != "-1"), "1368/..", "13 68", "1" * 65])
def test_a_route_whose_path_names_a_partner_needs_its_id(odd: str) -> None:
    with pytest.raises(Usage, match="id of a partner"):
        Call(MINT, partner=odd)


def test_calls_about_our_own_tokens_are_no_writes() -> None:
    """A command that only reads signs in, renews its token and gives it back."""
    assert {route.name for route in ROUTES if route.method != "GET" and not route.writes} == {
        "login",
        "mint",
        "revoke",
        "app mint",
        "app revoke",
    }
