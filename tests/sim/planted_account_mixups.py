"""One account that is signed in to in two ways: what a store that takes it for two does with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from controller.core.identity import SignedIn, identify
from controller.errors import Locked
from controller.model.account import Identified, Identity, KnownAccount
from controller.model.manifest import Desired, FromEnv, Token
from controller.model.upstream import Upstream
from controller.simulator.tokens import UniversalToken
from tests.sim.defects import Defect, Defects, Way
from tests.sim.oracle import violations
from tests.sim.planted_defects_at_ports import fault
from tests.sim.run_dirs import yard
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Trouble
from tests.sim.simulated_world import Twist, Universe

_VARIABLE = "GUPSHUP_PARTNER_TOKEN"
_MONTH = 30 * 86_400.0


def by_token(desired: Desired, universe: Universe) -> Desired:
    """Return what is declared, with a token that does not tell whose it is; the Partner has another name."""
    account = next(iter(universe.world.partners.values()))
    now = universe.timeline.now()
    minted = UniversalToken("ours", "ours", account.id, "", account.email, now, now + _MONTH)
    universe.environ = {_VARIABLE: f"Bearer {universe.world.tokens.mint(minted)}"}
    partner = replace(desired.partners[0], name="other", credentials=Token(FromEnv(_VARIABLE)))
    return replace(
        desired,
        partners=(partner,),
        apps=tuple(replace(each, partner="other") for each in desired.apps),
        subscriptions=tuple(replace(each, partner="other") for each in desired.subscriptions),
    )


def in_turn(name: str, trouble: Trouble, twist: Twist) -> Sequence[str]:
    """Apply by token, and end before an answer came; apply by e-mail until it is done, and by token again."""
    with yard() as context:
        universe = Universe(SCENARIOS[name], context, faults=trouble.faults, twist=twist)
        mail = SCENARIOS[name].last
        token = by_token(mail, universe)
        universe.apply(token, wait=False, patience=3)
        ended = [universe.apply(each).error for each in (mail, token)]
        wrong = [f"P41: it ended with {error}" for error in ended if error is not None]
        return [*violations(universe), *wrong]


def side_by_side(name: str, _trouble: Trouble, twist: Twist) -> Sequence[str]:
    """Apply by token, and let somebody who signed in by e-mail want to write meanwhile."""
    with yard() as context:
        universe = Universe(SCENARIOS[name], context, twist=twist)
        mail = SCENARIOS[name].last
        _ended, met = universe.rivalry(by_token(mail, universe), 7.0, rival=mail)
        wrong = [] if any(isinstance(each, Locked) for each in met) else ["P41: nobody was kept out"]
        return [*violations(universe), *wrong]


def _by_its_partner(who: SignedIn, _: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:  # noqa: ARG001  (as it is called)
    return Identified(Upstream(f"{who.url}#{who.id or 'main'}"), who.id)


def _never_another(who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:
    """Take no id over: one that is told makes an account of its own."""
    return identify(who, [each for each in known if not who.id or each.id], ours)


def _mistaken(way: Way, instead: object, breaks: str = "P41") -> Defect:
    late = Trouble((fault("late", seconds=55),)) if way is in_turn else Trouble()
    return Defect(breaks, Twist(names={"controller.loop.identity:identify": instead}), trouble=late, way=way)


MISTAKEN: Defects = {
    "an account is known by its Partner, one after the other": _mistaken(in_turn, _by_its_partner),
    "an account is known by its Partner, side by side": _mistaken(side_by_side, _by_its_partner),
    "an id that is told makes another account": _mistaken(in_turn, _never_another, "P3"),
    "an id that is told makes another account meanwhile": _mistaken(side_by_side, _never_another),
}
