"""The source guard: a source that lost too much at once is refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.core.planning.source_guard import (
    Refusals,
    begins,
    declared,
    lasting,
    may_go,
    noted,
    refuse_emptied,
    refuse_empty,
    refuse_shrunk,
)
from controller.errors import PlanRefused
from controller.model.history import Declared
from controller.model.manifest import AppState, Ceiling, Count, Desired, FromEnv, Partner, Policy, Share
from controller.model.problem import Place
from controller.model.source import SourceFile
from tests.builders.manifest import PARTNER, app, desired, subscription

FIFTH = Share(20)


def refusal(attempt: Callable[[], None]) -> PlanRefused:
    with pytest.raises(PlanRefused) as caught:
        attempt()
    return caught.value


def shrink(
    before: Declared,
    now: Declared,
    ceiling: Ceiling = FIFTH,
    *released: str,
    account: str = "a",
    first: int = 1,
) -> None:
    """Compare with so many apps and subscriptions as *now* says, the apps numbered from *first*."""
    partner = replace(PARTNER, guards=replace(PARTNER.guards, max_shrink=ceiling))
    apps = [app(number) for number in range(first, first + now.apps)]
    left = desired(*apps, *(subscription(number) for number in range(1, now.subscriptions + 1)))
    refuse_shrunk(before, left, partner, account=account, source="manifests", released=released)


def test_declared_items_are_counted_by_partner() -> None:
    both = desired(app(1), app(2), app(3, "other"), subscription(1), subscription(1, "second"))
    both = replace(both, subscriptions=(*both.subscriptions, replace(subscription(3), partner="other")))
    assert declared(both, "main") == Declared(2, 2)
    assert declared(both, "other") == Declared(1, 1)
    assert declared(both, "nobody") == Declared(0, 0)


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        pytest.param(desired(), True, id="a whole source without anything"),
        pytest.param(desired(complete=False), False, id="a narrowed one says nothing"),
        pytest.param(desired(app(1)), False, id="an app is something"),
        pytest.param(desired(subscription(1)), False, id="so is a subscription"),
    ],
)
def test_an_empty_source_is_refused(*, source: Desired, refused: bool) -> None:
    if not refused:
        refuse_empty(source, "manifests", ())
        return
    error = refusal(lambda: refuse_empty(source, "manifests", ()))
    assert "manifests declares no app and no subscription" in str(error)
    assert f"--release {error.digest}" in str(error)
    refuse_empty(source, "manifests", [error.digest])
    assert refusal(lambda: refuse_empty(source, "elsewhere", [error.digest])).digest != error.digest


BY_MANIFEST = replace(desired(), partners=(replace(PARTNER, place=Place("partner.yaml")),))


@pytest.mark.parametrize(
    ("source", "before", "new"),
    [
        pytest.param(BY_MANIFEST, None, True, id="a Partner manifest alone"),
        pytest.param(BY_MANIFEST, desired(), True, id="and still alone"),
        pytest.param(desired(), None, False, id="nothing: the wrong folder"),
        pytest.param(BY_MANIFEST, desired(app(1)), False, id="after an app"),
        pytest.param(BY_MANIFEST, desired(subscription(1)), False, id="after a subscription"),
    ],
)
def test_a_new_source_may_begin_without_an_app(*, source: Desired, before: Desired | None, new: bool) -> None:
    assert begins(source, before) is new


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        pytest.param((), "", id="nothing was there"),
        pytest.param(("/m/full",), "", id="what is full was full"),
        pytest.param(("/m/b",), "b is empty and held manifests before; fill it, or delete it", id="one"),
        pytest.param(("/m/b", "/m/a", "/m/full"), "a (and 1 more) is empty", id="two"),
    ],
)
def test_a_file_that_was_emptied_is_refused_and_nothing_releases_it(
    filled: tuple[str, ...], words: str
) -> None:
    empty = [SourceFile(name, b"", f"/m/{name}") for name in ("b", "a")]
    if not words:
        refuse_emptied(empty, filled)
        return
    error = refusal(lambda: refuse_emptied(empty, filled))
    assert (words in str(error), error.digest, "--release" in str(error)) == (True, "", False)


@pytest.mark.parametrize(
    ("data", "empty"),
    [
        (b"", True),
        (b" \r\n\t", True),
        (b"\xef\xbb\xbf", True),
        (b"\xef\xbb\xbf \n", True),
        (b"# to do", False),
    ],
)
def test_a_file_of_whitespace_alone_is_empty(data: bytes, *, empty: bool) -> None:
    assert SourceFile("a", data).empty is empty


@pytest.mark.parametrize(
    ("had", "most"),
    [
        pytest.param(0, 0, id="nothing to lose"),
        pytest.param(1, 0, id="a fleet of 1"),
        pytest.param(2, 1, id="a fleet of 2"),
        pytest.param(9, 1, id="a fleet of 9"),
        pytest.param(10, 2, id="a fleet of 10"),
        pytest.param(11, 2, id="a fleet of 11"),
        pytest.param(1000, 200, id="a fleet of 1,000"),
    ],
)
def test_a_fifth_of_a_source_may_go_at_once(had: int, most: int) -> None:
    shrink(Declared(had, 0), Declared(had - most, 0))
    shrink(Declared(0, had), Declared(0, had - most))
    if had > most:
        lost = had - most - 1
        assert f"{had} Apps became {lost} for" in str(
            refusal(lambda: shrink(Declared(had, 0), Declared(lost, 0)))
        )
        words = f"{had} Subscriptions became {lost} for"
        assert words in str(refusal(lambda: shrink(Declared(0, had), Declared(0, lost))))


def test_a_shrunken_source_counts_apps_and_subscriptions_separately() -> None:
    before = Declared(10, 1000)
    shrink(before, Declared(8, 800))
    assert "Subscriptions" not in str(refusal(lambda: shrink(before, Declared(7, 1000))))
    assert "Apps" not in str(refusal(lambda: shrink(before, Declared(10, 799))))
    both = str(refusal(lambda: shrink(before, Declared(7, 799))))
    assert "10 Apps became 7 and 1000 Subscriptions became 799" in both
    assert both.partition(";")[2].startswith(" guards.maxShrink allows less")


@pytest.mark.parametrize("had", [1, 2, 3, 10])
@pytest.mark.parametrize("ceiling", [FIFTH, Share(0), Share(100), Count(0), Count(1000)])
def test_the_last_app_and_the_last_subscription_never_go_without_a_release(
    had: int, ceiling: Ceiling
) -> None:
    for before, now in ((Declared(had, 5), Declared(0, 5)), (Declared(5, had), Declared(5, 0))):
        error = refusal(lambda before=before, now=now: shrink(before, now, ceiling))  # type: ignore[misc]
        what = "Apps" if now.apps == 0 else "Subscriptions"
        assert f"{had} {what} became 0 for a; nothing shrinks to zero without a release" in str(error)
        shrink(before, now, ceiling, error.digest)


def test_a_release_of_the_last_app_is_for_exactly_this_loss() -> None:
    error = refusal(lambda: shrink(Declared(1, 1), Declared(0, 1)))
    for other in (Declared(1, 0), Declared(0, 0)):
        refusal(lambda other=other: shrink(Declared(1, 1), other, FIFTH, error.digest))  # type: ignore[misc]


@pytest.mark.parametrize("had", [0, 1, 2, 9, 10, 11, 1000])
@pytest.mark.parametrize("ceiling", [FIFTH, Share(0), Share(100), Count(0), Count(3)])
def test_what_may_go_is_what_the_guard_lets_through(had: int, ceiling: Ceiling) -> None:
    least = had - may_go(ceiling, had)  # that may be left
    for left in sorted({0, 1, least - 1, least, least + 1, had - 1, had} & set(range(had + 1))):
        if had - left <= may_go(ceiling, had):
            shrink(Declared(had, 0), Declared(left, 0), ceiling)
        else:
            refusal(lambda left=left: shrink(Declared(had, 0), Declared(left, 0), ceiling))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ceiling", "now", "refused"),
    [
        pytest.param(Count(3), Declared(7, 0), False, id="three of ten, as allowed"),
        pytest.param(Count(3), Declared(6, 0), True, id="four of ten"),
        pytest.param(Count(0), Declared(9, 0), True, id="one, where none may go"),
        pytest.param(Count(0), Declared(11, 0), False, id="growing is not shrinking"),
    ],
)
def test_the_ceiling_for_a_shrunken_source_is_the_partners(
    *, ceiling: Ceiling, now: Declared, refused: bool
) -> None:
    if refused:
        refusal(lambda: shrink(Declared(10, 0), now, ceiling))
    else:
        shrink(Declared(10, 0), now, ceiling)


@pytest.mark.parametrize(
    ("found", "words", "digest"),
    [
        pytest.param([], None, "", id="none"),
        pytest.param(
            [PlanRefused("it shrank", "sha256:a")],
            "it shrank. To go on all the same: --release sha256:a",
            "sha256:a",
            id="one",
        ),
        pytest.param(
            [PlanRefused("it shrank", "sha256:a"), PlanRefused("it was rewritten", "sha256:b")],
            "it shrank; and it was rewritten. To go on all the same: --release sha256:a,sha256:b",
            "sha256:a,sha256:b",
            id="two",
        ),
    ],
)
def test_all_refusals_of_a_source_are_reported_at_once(
    found: list[PlanRefused], words: str | None, digest: str
) -> None:
    refusals = Refusals()
    for each in found:
        with refusals:
            raise each
    with refusals:
        assert True, "nothing speaks against it"
    if words is None:
        refusals.refuse()
        return
    error = refusal(refusals.refuse)
    assert (str(error), error.digest) == (words, digest)


def test_errors_other_than_refusals_are_not_collected() -> None:
    with pytest.raises(ValueError, match="a bug"), Refusals():
        raise ValueError("a bug")


def test_a_release_of_a_shrunken_source_is_for_exactly_this_loss() -> None:
    before, now = Declared(10, 10), Declared(5, 10)
    error = refusal(lambda: shrink(before, now))
    assert f"--release {error.digest}" in str(error)
    shrink(before, now, FIFTH, error.digest)
    for other in (Declared(4, 10), Declared(5, 5), Declared(10, 5)):
        refusal(lambda other=other: shrink(before, other, FIFTH, error.digest))  # type: ignore[misc]
    refusal(lambda: shrink(Declared(11, 10), now, FIFTH, error.digest))
    refusal(lambda: shrink(before, now, FIFTH, error.digest, account="b"))
    refusal(lambda: shrink(before, now, FIFTH, error.digest, first=2))  # as many, and others
    assert "manifests shrank: 10 Apps became 5 for a" in str(error)


ALL = frozenset(Policy)
LEFT = desired(app(1), subscription(1))


@pytest.mark.parametrize(
    ("partner", "left"),
    [
        pytest.param(PARTNER, replace(LEFT, apps=(replace(app(1), policies=ALL),)), id="another policy"),
        pytest.param(replace(PARTNER, owned_tags="*"), LEFT, id="more tags that may be removed"),
        pytest.param(
            replace(PARTNER, guards=replace(PARTNER.guards, max_unsubscribes=Count(99))), LEFT, id="a guard"
        ),
        pytest.param(
            PARTNER, replace(LEFT, subscriptions=(replace(subscription(1), url="https://x"),)), id="a URL"
        ),
        pytest.param(
            PARTNER,
            replace(LEFT, subscriptions=(replace(subscription(1), headers={"X": FromEnv("HOOK_A")}),)),
            id="a header",
        ),
    ],
)
def test_a_release_covers_only_the_declaration_that_was_looked_at(partner: Partner, left: Desired) -> None:
    def attempt(partner: Partner, left: Desired, *released: str) -> None:
        refuse_shrunk(Declared(9, 1), left, partner, account="a", source="here", released=released)

    digest = refusal(lambda: attempt(PARTNER, LEFT)).digest
    attempt(PARTNER, LEFT, digest)
    moved = replace(app(1), partner="renamed", place=Place("moved.yaml", 7))
    renamed = replace(LEFT, apps=(moved,), subscriptions=(replace(subscription(1), partner="renamed"),))
    attempt(replace(PARTNER, name="renamed"), renamed, digest)
    assert refusal(lambda: attempt(partner, left, digest)).digest != digest


def test_refusals_are_noted_once_for_each_digest() -> None:
    first, both = PlanRefused("one", "a"), PlanRefused("two", "a,b")
    refusals: list[PlanRefused] = []
    for error in (both, first, both):
        with noted(refusals):
            raise error
    assert refusals == [both]
    with pytest.raises(PlanRefused), noted(refusals):
        raise PlanRefused("an emptied file", "")


def test_what_is_retired_may_go_with_its_webhooks() -> None:
    """It counts as declared while it is there, and is not missed afterwards."""
    left = replace(app(1), state=AppState.RETIRED)
    before = desired(left, app(2), subscription(1), subscription(2))
    assert declared(before, "main") == Declared(2, 2)
    assert lasting(before, "main") == Declared(1, 1)
