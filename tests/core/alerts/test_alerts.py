"""Alerts: few notifications for many problems, reminders ever more rarely, and one when it is over."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest

from controller.core.alerts.detect import (
    AT_LEISURE,
    LATER,
    QUICKLY,
    SOON,
    Alert,
    AlertKind,
    PassEnd,
    detect_alerts,
    lost_readiness,
    pass_end,
)
from controller.core.alerts.group import (
    FORGOTTEN,
    MORE_AFTER,
    REMIND_AFTER,
    RESOLVE_AFTER,
    AlertGroups,
    Notification,
    Phase,
    under_new_names,
    update_groups,
)
from controller.core.render.alerts import MOST_NAMES, notice
from controller.core.status.summary import FleetSummary, summarize
from controller.model.passes import PartnerState, SourceState
from controller.model.plan import Item, Kind, Verb
from controller.model.status import Condition, Truth
from tests.builders.memory import NOW
from tests.builders.passes import DIGEST, GOOD, MAIN, finished_pass, held, transition
from tests.builders.status import FALSE, TRUE, UNKNOWN, condition, item_named, status_of

HOUR, DAY = 3_600.0, 86_400.0
LOST = "AppLost"


class Paper:
    """Everything that was sent while a test let time go by, ten seconds at a time."""

    def __init__(self, began: float = NOW) -> None:
        self.time = NOW
        self.told: list[tuple[float, Phase, int]] = []
        self.notifications: list[Notification] = []
        self._began = began
        self.groups: AlertGroups = {}

    def read(self, wrong: Iterable[Alert], seconds: float) -> list[tuple[float, Phase, int]]:
        """Let *wrong* last for *seconds*; return what was sent then: when, what, of how many."""
        found, until, before = tuple(wrong), self.time + seconds, len(self.told)
        while self.time < until:
            said = update_groups(self.groups, found, self.time, began=self._began)
            self.groups = said.groups
            self.notifications += said.notifications
            self.told += [(self.time - NOW, each.what, len(each.subjects)) for each in said.notifications]
            self.time += 10
        return self.told[before:]


def stalled(
    *names: str, reason: str = LOST, partner: str = "main", since: float | None = None
) -> list[Alert]:
    return [Alert(AlertKind.STALLED, partner, reason, name, "it is gone", since, SOON) for name in names]


def many(count: int) -> list[Alert]:
    return stalled(*(f"app-{number:03}" for number in range(count)))


def test_an_outage_of_four_hundred_apps_is_one_notification() -> None:
    paper = Paper()
    assert paper.read(many(3), 30) == []
    assert paper.read(many(412), HOUR) == [(60, Phase.FIRING, 412)]


def test_an_alert_that_ends_within_its_patience_is_not_sent() -> None:
    paper = Paper()
    assert [*paper.read(many(5), 50), *paper.read([], DAY)] == []
    assert paper.groups == {}


def test_alerts_are_grouped_by_kind_reason_and_partner() -> None:
    wrong = [*stalled("a"), *stalled("b", reason="NameTakenElsewhere"), *stalled("c", partner="asia")]
    assert Paper().read(wrong, 120) == [(60, Phase.FIRING, 1)] * 3


def test_notifications_begin_with_the_gravest_kind_of_alert() -> None:
    paper = Paper()
    paper.read([*stalled("a"), Alert(AlertKind.CREDENTIALS, "main", "Denied", "", "", None, SOON)], 70)
    assert [each.group.key[0] for each in paper.notifications] == [AlertKind.CREDENTIALS, AlertKind.STALLED]


def test_reminders_of_a_lasting_alert_grow_rarer() -> None:
    told = Paper().read(many(1), 7 * DAY)
    assert [what for _, what, _ in told] == [Phase.FIRING, *[Phase.REMINDER] * 10]
    gaps = [later - earlier for (earlier, *_), (later, *_) in pairwise(told)]
    assert gaps[:6] == [REMIND_AFTER * 2**step for step in (0, 1, 2, 3, 4)] + [DAY]
    assert max(gaps) == DAY


def test_further_apps_of_a_firing_group_are_sent_soon_and_together() -> None:
    paper = Paper()
    paper.read(many(1), 120)
    paper.read(many(3), 120)
    assert (
        paper.read(many(6), HOUR)
        == [(60 + MORE_AFTER, Phase.WIDENED, 5), (60 + MORE_AFTER + HOUR, Phase.REMINDER, 6)][:1]
    )


@pytest.mark.parametrize(
    ("partner", "kind", "expected"),
    [
        pytest.param("main", Kind.APP, "new", id="the app has another name"),
        pytest.param("other", Kind.APP, "old", id="an app of another partner"),
        pytest.param("main", Kind.SUBSCRIPTION, "old", id="a subscription of that name"),
    ],
)
def test_the_alert_of_a_renamed_app_is_the_same_one(partner: str, kind: Kind, expected: str) -> None:
    groups = update_groups({}, stalled("old"), NOW, began=NOW).groups
    groups = update_groups(groups, stalled("old"), NOW + 600, began=NOW).groups
    was, now = Item(kind, partner, "old", "old"), Item(kind, partner, "new", "new")
    (group,) = under_new_names(groups, {was: now}).values()
    assert group.subjects == group.known == frozenset({expected})


def test_a_group_is_resolved_after_a_calm() -> None:
    paper = Paper()
    paper.read(many(412), 600)
    assert paper.read([], HOUR / 2) == [(600 + RESOLVE_AFTER, Phase.RESOLVED, 412)]
    assert paper.read([], 2 * FORGOTTEN) == []
    assert paper.groups == {}


def test_a_short_calm_does_not_resolve_a_group() -> None:
    paper = Paper()
    paper.read(many(2), 600)
    assert [*paper.read([], RESOLVE_AFTER - 10), *paper.read(many(2), HOUR / 2)] == []


def test_an_alert_that_comes_and_goes_is_sent_ever_more_rarely() -> None:
    """Ten minutes of errors and ten of calm, for a day: a notification each time would be 144."""
    paper = Paper()
    for _ in range(72):
        paper.read(many(1), 600)
        paper.read([], 600)
    assert len(paper.told) < 12


def test_an_alert_older_than_the_process_is_not_sent_again_after_a_restart() -> None:
    """A process that restarts repeats nothing; it sends later reminders, and the end."""
    paper = Paper()
    assert paper.read(stalled("a", since=NOW - DAY), HOUR - 10) == []
    assert paper.read(stalled("a", since=NOW - DAY), 60) == [(HOUR, Phase.REMINDER, 1)]
    assert paper.read([], 300)[0][1:] == (Phase.RESOLVED, 1)


def test_apps_that_joined_an_older_alert_since_are_sent_as_further_ones() -> None:
    wrong = [*stalled("a", since=NOW - DAY), *stalled("b", since=NOW)]
    assert Paper().read(wrong, 1_000) == [(MORE_AFTER, Phase.WIDENED, 1)]


# What counts as a trouble.


def said(type_: str, truth: Truth, reason: str) -> Condition:
    return condition(type_, truth, reason, message="words", since=NOW - 5)


def taken(*statuses: tuple[str, Condition]) -> dict[str, FleetSummary]:
    found = [status_of(name, condition) for name, condition in statuses]
    return {"main": summarize(found)}


def all_of(
    source: SourceState = GOOD,
    partner: PartnerState = MAIN,
    last: PassEnd | None = None,
    censuses: dict[str, FleetSummary] | None = None,
    missed: Iterable[Item] = (),
) -> list[tuple[AlertKind, str, str, float]]:
    ends = {} if last is None else {"main": last}
    found = detect_alerts(source, (partner,), ends, censuses or {}, frozenset(missed))
    return [(each.topic, each.reason, each.subject, each.patience) for each in found]


def test_a_healthy_fleet_raises_no_alert() -> None:
    assert all_of(last=PassEnd(), censuses=taken(("a", said("Ready", TRUE, "Ready")))) == []


def test_a_source_stuck_on_an_old_revision_raises_an_alert() -> None:
    assert all_of(replace(GOOD, error="3 problems")) == [(AlertKind.SOURCE, "", "", SOON)]


@pytest.mark.parametrize(
    ("last", "errors", "found"),
    [
        pytest.param(PassEnd("Denied", "403"), 1, (AlertKind.CREDENTIALS, "Denied", "", SOON), id="refused"),
        pytest.param(
            PassEnd("AccountError", "whose?"),
            1,
            (AlertKind.CREDENTIALS, "AccountError", "", SOON),
            id="of whom?",
        ),
        pytest.param(PassEnd("Busy", "503"), 3, (AlertKind.PASSES, "Busy", "", LATER), id="busy for long"),
        pytest.param(PassEnd("Busy", "503"), 2, None, id="busy twice"),
        pytest.param(PassEnd("Locked", "x"), 9, None, id="another replica has it"),
        pytest.param(PassEnd(), 9, None, id="well again"),
    ],
)
def test_failing_passes_raise_an_alert_by_their_kind_and_count(
    last: PassEnd, errors: int, found: tuple[object, ...] | None
) -> None:
    partner = replace(MAIN, failures=errors, is_leader=False)
    assert all_of(partner=partner, last=last) == ([] if found is None else [found])


def test_the_end_of_a_pass_holds_its_kind_of_error_and_its_message() -> None:
    good = finished_pass()
    assert pass_end(good) == PassEnd()
    assert pass_end(replace(good, error="no", error_kind="Busy")) == PassEnd("Busy", "no")
    assert pass_end(replace(good, error="no")) == PassEnd("error", "no")


def test_only_the_leader_raises_alerts_of_apps_and_held_changes() -> None:
    censuses = taken(("a", said("Stalled", TRUE, LOST)))
    holding = replace(MAIN, held=(held(),))
    assert all_of(partner=holding, censuses=censuses) == [
        (AlertKind.HELD, DIGEST, "", SOON),
        (AlertKind.STALLED, LOST, "a", SOON),
    ]
    assert all_of(partner=replace(holding, is_leader=False), censuses=censuses) == []


def test_each_held_digest_is_an_alert_of_its_own_with_its_figures() -> None:
    two = (held("sha256:1"), held("sha256:2", guard="maxUpdates", verb=Verb.UPDATE))
    found = detect_alerts(GOOD, [replace(MAIN, held=two)], {}, {}, ())
    assert [(each.reason, each.message) for each in found] == [
        ("sha256:1", "guard maxLinks: 3 planned, 1 allowed"),
        ("sha256:2", "guard maxUpdates: 3 planned, 1 allowed"),
    ]


def test_a_source_that_a_digest_releases_is_an_alert_of_that_digest() -> None:
    (found,) = detect_alerts(replace(GOOD, error="it shrank", digest="sha256:1"), (), {}, {}, ())
    assert (found.topic, found.reason) == (AlertKind.SOURCE, "sha256:1")


@pytest.mark.parametrize(
    ("condition", "patience"),
    [
        pytest.param(said("Ready", FALSE, "InvalidUrl"), SOON, id="something is wrong"),
        pytest.param(said("Ready", FALSE, "AwaitingLive"), SOON, id="it was live"),
        pytest.param(said("Ready", FALSE, "ChangePlanned"), AT_LEISURE, id="its manifest was changed"),
        pytest.param(said("Ready", FALSE, "RateLimited"), AT_LEISURE, id="its turn did not come"),
        pytest.param(said("Ready", FALSE, "Suspended"), None, id="a person wanted it so"),
        pytest.param(said("Ready", FALSE, "Held"), None, id="another alert is about what is held"),
        pytest.param(said("Ready", UNKNOWN, "NotObserved"), None, id="nobody knows"),
        pytest.param(said("Ready", TRUE, "Ready"), None, id="it is ready again"),
    ],
)
def test_an_app_that_lost_readiness_raises_an_alert_by_its_reason(
    condition: Condition, patience: float | None
) -> None:
    found = all_of(censuses=taken(("a", condition)), missed=[item_named("a")])
    assert found == ([] if patience is None else [(AlertKind.READY, condition.reason, "a", patience)])


def test_a_new_app_in_provisioning_raises_no_alert() -> None:
    assert all_of(censuses=taken(("a", said("Ready", FALSE, "Provisioning")))) == []


def test_a_stalled_app_that_lost_readiness_raises_one_alert() -> None:
    both = status_of("a", said("Ready", FALSE, LOST), said("Stalled", TRUE, LOST))
    found = all_of(censuses={"main": summarize([both])}, missed=[item_named("a")])
    assert found == [(AlertKind.STALLED, LOST, "a", SOON)]


UNSUPPORTED = "CallbackNotSupported"


def callbacks_of(*names: str, since: float = NOW) -> list[Alert]:
    """Return the alerts about apps whose callback Gupshup does not take."""
    wrong = condition("Stalled", TRUE, UNSUPPORTED, message="words", since=since)
    summary = {"main": summarize([status_of(name, wrong) for name in names])}
    return list(detect_alerts(GOOD, (MAIN,), {}, summary, frozenset()))


def test_callbacks_that_are_not_supported_are_one_alert_for_all_apps_of_a_partner() -> None:
    assert callbacks_of() == []
    (one,) = callbacks_of("a", since=NOW - 5)
    assert (one.topic, one.reason, one.subject) == (AlertKind.CALLBACKS, UNSUPPORTED, "")
    assert (one.since, one.patience) == (NOW - 5, SOON)
    assert one.message.startswith(
        "1 app declares a callbackUrl that Gupshup does not take: declare a Subscription with version: 2 and "
    )
    (many,) = callbacks_of(*"abc")
    assert many.message.startswith(
        "3 apps declare a callbackUrl that Gupshup does not take: declare a Subscription "
    )


def test_the_next_app_without_a_callback_is_no_notification_of_its_own() -> None:
    paper = Paper()
    assert paper.read(callbacks_of("a"), 120) == [(60, Phase.FIRING, 1)]
    assert paper.read(callbacks_of(*"abcdefgh"), HOUR) == [(60 + HOUR, Phase.REMINDER, 1)]
    assert [each[1] for each in paper.read([], 300)] == [Phase.RESOLVED]


def test_another_stalled_app_is_notified_beside_the_callbacks() -> None:
    lost, callback = said("Stalled", TRUE, LOST), said("Stalled", TRUE, UNSUPPORTED)
    found = all_of(censuses=taken(("a", lost), ("b", callback)))
    assert found == [(AlertKind.CALLBACKS, UNSUPPORTED, "", SOON), (AlertKind.STALLED, LOST, "a", SOON)]


@pytest.mark.parametrize(
    ("also", "more"),
    [
        pytest.param([], [], id="a ready app"),
        pytest.param(["ForeignWebhook"], [], id="its changes are blocked by it: one alert"),
        pytest.param([LOST], [(AlertKind.STALLED, LOST, "a", SOON)], id="something else is wrong, too"),
    ],
)
def test_a_foreign_webhook_raises_one_alert(
    also: list[str], more: list[tuple[AlertKind, str, str, float]]
) -> None:
    foreign = condition("ForeignWebhook", TRUE, "HostNotAllowed")
    stalled = [condition("Stalled", TRUE, reason) for reason in also]
    ready = condition("Ready", FALSE if also else TRUE)
    found = all_of(censuses={"main": summarize([status_of("a", ready, foreign, *stalled)])})
    assert found == [(AlertKind.FOREIGN, "HostNotAllowed", "a", QUICKLY), *more]


def test_only_an_app_that_was_ready_can_lose_readiness() -> None:
    ready, not_ready = said("Ready", TRUE, "Ready"), said("Ready", FALSE, "InvalidUrl")
    of_subscription = replace(item_named("a"), kind=Kind.SUBSCRIPTION)
    moves = (
        transition(ready, not_ready, item_named("was")),
        transition(None, not_ready, item_named("never")),
        transition(not_ready, not_ready, item_named("still-not")),
        transition(ready, replace(not_ready, type="Synced"), item_named("other")),
        transition(ready, not_ready, of_subscription),
    )
    first = lost_readiness({}, moves, NOW)
    assert first == {item_named("was"): NOW}
    assert lost_readiness(first, [transition(not_ready, ready, item_named("was"))], NOW + 1) == {}


# The words.


def telling(what: Phase, wrong: list[Alert]) -> Notification:
    paper = Paper()
    paper.read(wrong, 70)
    first = paper.notifications[0]
    return replace(first, what=what)


def test_a_notice_names_a_few_and_counts_the_rest() -> None:
    sent = notice([telling(Phase.FIRING, many(412))], NOW + 600)
    assert sent.title == "412 apps of partner main stalled: AppLost"
    assert sent.body.splitlines() == [
        "412 apps of partner main stalled: AppLost",
        "app-000, app-001, app-002, app-003, app-004 and 407 more",
        "it is gone",
        "For 10 min 0 s.",
        "`gupshupctl describe NAME` shows what to do.",
    ]
    assert not sent.good
    assert MOST_NAMES == 5


@pytest.mark.parametrize(
    ("what", "title"),
    [
        (Phase.WIDENED, "1 more app of partner main stalled: AppLost"),
        (Phase.REMINDER, "Still: 1 app of partner main stalled: AppLost"),
        (Phase.RESOLVED, "Over: 1 app of partner main stalled: AppLost"),
    ],
)
def test_a_title_says_whether_an_alert_widened_lasts_or_is_over(what: Phase, title: str) -> None:
    assert notice([telling(what, many(1))], NOW).title == title


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        (AlertKind.CREDENTIALS, "The credentials of partner main are refused"),
        (AlertKind.FOREIGN, "1 app of partner main with webhooks that nobody declares: Busy"),
        (AlertKind.SOURCE, "The source is stuck on an old revision"),
        (AlertKind.PASSES, "Passes over partner main keep failing (Busy)"),
        (AlertKind.HELD, "Changes of partner main are held by a guard"),
        (AlertKind.CALLBACKS, "Gupshup refuses callback URLs of partner main"),
        (AlertKind.READY, "1 app of partner main no longer ready: Busy"),
    ],
)
def test_each_kind_of_alert_has_its_title(topic: AlertKind, title: str) -> None:
    subject = "a" if topic in {AlertKind.READY, AlertKind.FOREIGN} else ""
    wrong = [Alert(topic, "main", "Busy", subject, "", None, SOON)]
    assert notice([telling(Phase.FIRING, wrong)], NOW).title == title


def test_credentials_of_another_account_are_not_called_refused_in_an_alert() -> None:
    wrong = [Alert(AlertKind.CREDENTIALS, "main", "AccountError", "", "", None, SOON)]
    assert "open an account that is not known" in notice([telling(Phase.FIRING, wrong)], NOW).title


def test_a_notice_of_a_resolved_alert_is_good_and_says_how_long_it_took() -> None:
    over = telling(Phase.RESOLVED, many(2))
    sent = notice([over], NOW + 2 * HOUR)
    assert sent.good
    assert sent.body.splitlines()[1:] == ["app-000, app-001", "It took 2 h 0 min."]
    mixed = notice([over, telling(Phase.FIRING, many(1))], NOW)
    assert not mixed.good
    assert mixed.title.endswith("(and 1 more)")


def test_messages_quoted_in_a_notice_show_no_phone_and_mention_nobody() -> None:
    wrong = [replace(each, message="<!channel> @here 919876543210 " + "x" * 900) for each in many(1)]
    body = notice([telling(Phase.FIRING, wrong)], NOW).body
    assert "919876543210" not in body
    assert "<" not in body
    assert "@" not in body
    assert len(body) < 600


def of_digest(topic: AlertKind, what: Phase, store: tuple[str, ...] = ()) -> str:
    """Return the text of a notification about what a digest releases, a minute after it began."""
    partner = "main" if topic is AlertKind.HELD else ""
    wrong = [Alert(topic, partner, DIGEST, "", "guard maxLinks: 3 planned, 1 allowed", NOW, SOON)]
    return notice([telling(what, wrong)], NOW + 60, store).body


def test_a_notification_about_held_changes_has_figures_digest_and_the_command() -> None:
    assert of_digest(AlertKind.HELD, Phase.FIRING, ("--store", "'my store.db'")).splitlines() == [
        "Changes of partner main are held by a guard",
        "guard maxLinks: 3 planned, 1 allowed",
        "For 1 min 0 s.",
        "`gupshupctl plan` shows them. Correct the manifests, or release these:",
        f"gupshupctl reconcile --release {DIGEST} --store 'my store.db'",
    ]


def test_the_end_of_held_changes_names_the_digest_that_is_over() -> None:
    assert of_digest(AlertKind.HELD, Phase.RESOLVED).splitlines() == [
        "Over: changes of partner main are held by a guard",
        f"No longer held: {DIGEST}",
        "It took 1 min 0 s.",
    ]


def test_a_notification_about_a_source_that_lost_too_much_says_how_it_is_accepted() -> None:
    assert of_digest(AlertKind.SOURCE, Phase.FIRING).splitlines()[-2:] == [
        "The last good revision stays in force. Correct the source, or, to accept exactly this:",
        f"`gupshupctl reconcile --release {DIGEST}`",
    ]
