"""Switches: the open questions of the API, each with the answer that is the default."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from controller.simulator.moments import read_moment


class SwitchError(ValueError):
    """An unknown switch, or a value that a switch does not accept."""


@dataclass(frozen=True, slots=True)
class Switches:
    """The behaviour of the simulated Gupshup where the published pages are silent or disagree.

    On the command line, underscores are written as hyphens: ``--switch list-limit=10/min``.
    """

    account_event_app_id: str = "no"
    admin: str = "yes"
    all_mode: str = "bit"
    app_limits: str = "also-overall"
    app_token_again: str = "existing"  # noqa: S105 - a word
    app_token_body: str = "nested"  # noqa: S105 - the name of a form
    app_token_list: str = "wrapped"  # noqa: S105 - the name of a form
    app_tokens_end: float = math.inf
    app_tokens_ended: str = "403"
    ban_event: str = "DISABLE"
    bearer: str = "universal"
    callbacks: str = "there"
    callbacks_gone_since: float = -math.inf
    callbacks_text: str = "Callback URL APIs are not supported for this app. Please use Subscription APIs"
    clock_shift: float = 0.0
    conflict_order: str = "phone"
    cooldown: str = "window"
    date: str = "told"
    delete_frees: str = "yes"
    details_wrapper: str = "appDetails"
    duplicate_tag: str = "json"
    error_share: float = 0.0
    fourth_token: str = "409"  # noqa: S105 - a status
    fourth_token_text: str = "Maximum number of active tokens reached"  # noqa: S105 - words
    header: str = "either"
    limits_times: float = 1.0
    link_callback: str = "ignored"
    list_lag: float = 0.0
    list_limit: str = "10/s"
    list_order: str = "created"
    live_wa_id: str = "phone"
    login_ended: str = "403"
    login_ends: float = math.inf
    max_subscriptions: int = 5
    meta_put: str = "yes"
    meta_returned: str = "no"
    mint_answer: str = "nested"
    mint_refused: str = "403"
    minting: str = "yes"
    missing_subscription: str = "400"
    missing_token: str = "400"  # noqa: S105 - a status
    mode_answer: str = "computed"
    modes_list: str = "accept"
    name_spelling: str = "reference"
    not_tpp: str = "403"
    numeric_modes: str = "drop"
    others_mode: str = "rest"
    page_past_end: str = "empty"
    page_size_max: int = 50
    partner_id: str = "told"
    partner_token_everywhere: str = "no"  # noqa: S105 - yes or no
    phone_number_id: str = "phoneNumberId"
    provision_max: float = 1200.0
    provision_min: float = 300.0
    retry_after: str = "none"
    retry_share: float = 0.2
    same_url: str = "allow"
    source_address: str = "allowed"
    source_address_text: str = "Access from this IP address is not allowed"
    stranger_phone: str = "409-with-id"
    subscribe_before_live: str = "yes"
    subscription_answer: str = "documented"
    subscription_bucket: str = "shared"
    tag_case: str = "sensitive"
    taken_token_name: str = "400"  # noqa: S105 - a status
    tech_provider: str = "yes"
    terms: str = "accepted"
    terms_refused: str = "400"
    terms_text: str = "Please accept the terms of use to continue"
    too_many_subscriptions: str = "400"
    universal_claims: str = "none"
    universal_on_apps: str = "yes"
    unknown_modes: str = "drop"
    url_shown: str = "as-sent"
    v3_account_modes: str = "accept"
    v3_live_event: str = "account_update"
    versions: str = "0-3"
    waba_limit: str = "10/s"
    webhook_attempts: int = 3


CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "account_event_app_id": ("no", "yes"),
        "admin": ("yes", "no"),
        "all_mode": ("bit", "alias"),
        "app_limits": ("also-overall", "own-only"),
        "app_token_again": ("existing", "masked", "new"),
        "app_token_body": ("nested", "flat"),
        "app_token_list": ("wrapped", "bare"),
        "app_tokens_ended": ("403", "400", "404", "410"),
        "ban_event": ("DISABLE", "ACCOUNT_DISABLE", "ACCOUNT_VIOLATION"),
        "bearer": ("universal", "any", "strict"),
        "callbacks": ("there", "400", "404", "410"),
        "conflict_order": ("phone", "name"),
        "cooldown": ("window", "sliding"),
        "date": ("told", "untold"),
        "delete_frees": ("yes", "no"),
        "details_wrapper": ("appDetails", "app"),
        "duplicate_tag": ("json", "text"),
        "fourth_token": ("409", "400", "403"),
        "header": ("either", "authorization", "token"),
        "link_callback": ("ignored", "works", "400"),
        "list_limit": ("10/s", "10/min"),
        "list_order": ("created", "newest", "name"),
        "live_wa_id": ("phone", "waba"),
        "login_ended": ("403", "400", "404", "410"),
        "meta_put": ("yes", "no"),
        "meta_returned": ("no", "yes"),
        "mint_answer": ("nested", "flat"),
        "mint_refused": ("403", "400", "401"),
        "minting": ("yes", "no"),
        "missing_subscription": ("400", "204"),
        "missing_token": ("400", "404", "200"),
        "mode_answer": ("computed", "canned"),
        "modes_list": ("accept", "ignore"),
        "name_spelling": ("reference", "guide"),
        "not_tpp": ("403", "401", "404", "400"),
        "numeric_modes": ("drop", "accept"),
        "others_mode": ("rest", "failures-too"),
        "page_past_end": ("empty", "last"),
        "partner_id": ("told", "claimed", "untold"),
        "partner_token_everywhere": ("no", "yes"),
        "phone_number_id": ("phoneNumberId", "phone_number_id", "phoneId", "none"),
        "retry_after": ("none", "seconds"),
        "same_url": ("allow", "reject"),
        "source_address": ("allowed", "401", "403"),
        "stranger_phone": ("409-with-id", "409-without-id"),
        "subscribe_before_live": ("yes", "no"),
        "subscription_answer": ("documented", "seen"),
        "subscription_bucket": ("shared", "per-verb"),
        "tag_case": ("sensitive", "insensitive", "lower"),
        "taken_token_name": ("400", "409"),
        "tech_provider": ("yes", "no"),
        "terms": ("accepted", "pending"),
        "terms_refused": ("400", "403"),
        "too_many_subscriptions": ("400", "400-text", "409", "500"),
        "universal_claims": ("none", "partner"),
        "universal_on_apps": ("yes", "no", "some", "no-subscriptions"),
        "unknown_modes": ("drop", "reject"),
        "url_shown": ("as-sent", "normal", "sorted"),
        "v3_account_modes": ("accept", "drop", "reject"),
        "v3_live_event": ("account_update", "account-event", "no"),
        "versions": ("0-3", "2-3"),
        "waba_limit": ("10/s", "10/min", "10/min-for-all"),
    }
)
MOMENTS = frozenset({"app_tokens_end", "callbacks_gone_since", "login_ends"})
AT_START = frozenset(
    {
        *("admin", "minting", "tech_provider", "terms", "app_tokens_end", "login_ends"),
        *("clock_shift", "cooldown", "webhook_attempts"),
    }
)
_SIGNED = frozenset({"clock_shift"})


def parse(words: Iterable[str], start: Switches | None = None) -> Switches:
    """Return *start* with each ``name=value`` of *words* applied.

    Raises SwitchError with the switch, the value and the values that the switch accepts.
    """
    switches = start or Switches()
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            raise SwitchError(f"switch {word!r}: write it as name=value")
        switches = replace(switches, **_switch(name.strip().replace("-", "_"), value.strip()))
    return switches


def _switch(name: str, value: str) -> dict[str, Any]:
    known: dict[str, Any] = {field.name: field.default for field in fields(Switches)}
    if name not in known:
        names = ", ".join(sorted(switch.replace("_", "-") for switch in known))
        raise SwitchError(f"switch {name.replace('_', '-')!r} does not exist; there are: {names}")
    if name in CHOICES:
        return {name: _chosen(name, value)}
    if name in MOMENTS:
        return {name: _moment(name, value)}
    kind = type(known[name])
    return {name: value if kind is str else _number(name, value, kind)}


def _chosen(name: str, value: str) -> str:
    if value not in CHOICES[name]:
        raise SwitchError(f"switch {name.replace('_', '-')}={value}: choose {' or '.join(CHOICES[name])}")
    return value


def _moment(name: str, value: str) -> float:
    try:
        return read_moment(value)
    except ValueError as error:
        problem = "give never, always, seconds after the start, an epoch second, or a date"
        raise SwitchError(f"switch {name.replace('_', '-')}={value}: {problem}") from error


def _number(name: str, value: str, kind: type[int] | type[float]) -> float:
    lowest = -1e9 if name in _SIGNED else 0
    try:
        number = kind(value)
    except ValueError:
        number = math.nan
    if not lowest <= number < 1e9:  # noqa: PLR2004 - rules out nan, infinity and slips of the keyboard
        wanted = "a number" if name in _SIGNED else "a number from 0 up"
        raise SwitchError(f"switch {name.replace('_', '-')}={value}: give {wanted}")
    return number
