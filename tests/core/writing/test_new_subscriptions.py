from dataclasses import replace

import pytest

from controller.core.writing.new_apps import Target
from controller.core.writing.new_subscriptions import WebhookRequest, new_subscription
from controller.core.writing.whole import NewManifests, WholeSource
from controller.edges.source import schemas
from controller.errors import ManifestError
from controller.model.problem import Place
from controller.model.source import Rules, Source, SourceFile

SCHEMAS = schemas.load()
APP = (
    "apiVersion: gupshup.controller/v1\nkind: App\nmetadata: {name: acme1, labels: {tier: gold}}\n"
    'spec: {appName: Acme0001, wabaId: "109876543210987", phone: "919876543210"}\n'
)
EVENTS = WebhookRequest(
    "https://h.example.com/${app.name}",
    3,
    ("SENT", "MESSAGE", "SENT"),
    labels={"tier": "gold"},
    tag="git:events",
)
SPEC = "url: 'https://h.example.com/${app.name}', version: 3"
HEAD = "apiVersion: gupshup.controller/v1\nkind: Subscription\n"


def make(wanted: WebhookRequest, *hooks: str) -> NewManifests:
    texts = [APP, *(f"{HEAD}{hook}\n" for hook in hooks)]
    files = (SourceFile(f"manifests/{n}.yaml", text.encode()) for n, text in enumerate(texts))
    asked = replace(wanted, place=Place("(here)"))
    return new_subscription(
        asked, WholeSource(Source("m", "r", tuple(files)), SCHEMAS, Rules()), Target("manifests")
    )


def test_a_subscription_for_a_selector() -> None:
    (one,) = make(EVENTS).manifests
    assert (one.name, one.file) == ("git-events", "manifests/git-events.yaml")
    assert one.text == (
        f"{HEAD}metadata:\n  name: git-events\nspec:\n  appSelector:\n    matchLabels:\n      tier: gold\n"
        "  tag: git:events\n  url: https://h.example.com/${app.name}\n  version: 3\n"
        "  modes: [SENT, MESSAGE]\n"
    )


def test_a_subscription_for_an_app() -> None:
    wanted = replace(
        EVENTS, labels={}, app="acme1", name="hook", tag="", active=False, headers={"X-A": "HOOK_A"}
    )
    (one,) = make(wanted).manifests
    assert one.text == (
        f"{HEAD}metadata:\n  name: hook\nspec:\n  app: acme1\n  url: https://h.example.com/${{app.name}}\n"
        "  version: 3\n  modes: [SENT, MESSAGE]\n  active: false\n  headers:\n    X-A:\n      env: HOOK_A\n"
    )


@pytest.mark.parametrize(
    ("wanted", "hook"),
    [
        pytest.param(
            EVENTS,
            f"metadata: {{name: x}}\nspec: {{appSelector: {{matchLabels: {{tier: gold}}}}, {SPEC}, "
            "tag: 'git:events', modes: [MESSAGE, SENT], active: true}",
            id="under another name, in another order, with a default",
        ),
        pytest.param(
            replace(EVENTS, tag="x"),
            f"metadata: {{name: x}}\nspec: {{appSelector: {{matchLabels: {{tier: gold}}}}, {SPEC}, "
            "modes: [MESSAGE, SENT], showOnUI: false}",
            id="its name is the tag that is wanted, with another default",
        ),
        pytest.param(
            replace(EVENTS, tag="", name="x"),
            f"metadata: {{name: x}}\nspec: {{appSelector: {{matchLabels: {{tier: gold}}}}, {SPEC}, "
            "modes: [MESSAGE, SENT]}",
            id="the name is the tag",
        ),
    ],
)
def test_what_is_declared_is_not_declared_again(wanted: WebhookRequest, hook: str) -> None:
    (one,) = make(wanted, hook).manifests
    assert (one.name, one.text, one.file) == ("x", "", "manifests/1.yaml")


def test_a_name_that_is_taken_gets_what_the_subscription_is_for() -> None:
    taken = f"metadata: {{name: Git-events}}\nspec: {{app: acme1, {SPEC}, tag: x, modes: [ALL]}}"
    (one,) = make(replace(EVENTS, url="https://h.example.com/2"), taken).manifests
    assert one.name == "git-events-tier-gold"
    (one,) = make(replace(EVENTS, url="https://h.example.com/2", labels={}, app="acme1"), taken).manifests
    assert one.name == "git-events-acme1"


def problems_of(new: NewManifests) -> list[str]:
    assert new.manifests == ()
    return [f"{one.place} {one.rule} {one.field}: {one.message}" for one in new.problems]


def test_a_given_name_that_is_taken_is_refused() -> None:
    taken = f"metadata: {{name: git-events}}\nspec: {{app: acme1, {SPEC}, tag: x, modes: [ALL]}}"
    assert make(replace(EVENTS, name="GIT-events"), taken).problems, "a file system may not tell them apart"
    (problem,) = problems_of(make(replace(EVENTS, name="git-events"), taken))
    assert problem == (
        "(here):1:1 GS310 name: Subscription/git-events at manifests/1.yaml:1:1 declares something else; "
        "choose another --name"
    )


def test_a_tag_that_an_app_has_already_is_refused_and_no_file_named_that_is_not_written() -> None:
    taken = f"metadata: {{name: x}}\nspec: {{app: acme1, {SPEC}, tag: 'git:events', modes: [ALL]}}"
    wanted = replace(EVENTS, url="https://h.example.com/2")
    (problem,) = problems_of(make(replace(wanted, name="00"), taken))
    assert problem.startswith("manifests/1.yaml:")
    assert "is the tag of Subscription/00 at (here):1:1 already" in problem
    (problem,) = problems_of(make(wanted, taken))
    assert problem == (
        '(here):1:1 GS513 tag: "git:events" on App/acme1 is the tag of Subscription/x at '
        "manifests/1.yaml:1:1 already"
    )


def test_a_warning_about_it_is_named_where_it_was_asked_for() -> None:
    hook = f"metadata: {{name: x}}\nspec: {{appSelector: {{matchLabels: {{a: b}}}}, {SPEC}, modes: [ALL]}}"
    made = make(replace(EVENTS, labels={"tier": "godl"}), hook)
    (warning,) = made.warnings
    assert (warning.rule, str(warning.place)) == ("GS313", "(here):1:1")
    assert "did you mean tier: gold?" in warning.message
    assert [one.text for one in made.manifests] != [""]


def test_what_is_wrong_is_named_where_it_was_asked_for() -> None:
    assert problems_of(make(replace(EVENTS, version=9, modes=("SNT",), url="http://h.example.com/"))) == [
        "(here):1:1 GS202 version: must be a whole number from 0 to 3; found 9",
        "(here):1:1 GS501 url: must begin with https://; found http:",
        '(here):1:1 GS510 modes[0]: must be a mode that Gupshup knows; found "SNT"; did you mean SENT?',
    ]


def test_a_character_that_no_file_can_hold_is_refused() -> None:
    """It stands for a byte of the command line that is no UTF-8."""
    assert problems_of(make(replace(EVENTS, url="https://h.example.com/\udce9"))) == [
        "(here):1:1 GS116 : U+DCE9 is a control character"
    ]


def test_a_source_that_is_invalid_already_is_refused() -> None:
    with pytest.raises(ManifestError):
        make(EVENTS, "metadata: {name: x}")
