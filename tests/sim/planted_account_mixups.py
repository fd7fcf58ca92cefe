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
from tests.sim.run_dirs import run_dir
from tests.sim.scenario import SCENARIOS
from tests.sim.sim_run import Disruption
from tests.sim.simulated_world import Mutation, SimulatedWorld

_VARIABLE = "GUPSHUP_PARTNER_TOKEN"
_MONTH = 30 * 86_400.0


def by_token(desired: Desired, sim: SimulatedWorld) -> Desired:
    """Return what is declared, with a token that does not say whose it is; the Partner has another name."""
    account = next(iter(sim.world.partners.values()))
    now = sim.timeline.now()
    minted = UniversalToken("ours", "ours", account.id, "", account.email, now, now + _MONTH)
    sim.environ = {_VARIABLE: f"Bearer {sim.world.tokens.mint(minted)}"}
    partner = replace(desired.partners[0], name="other", credentials=Token(FromEnv(_VARIABLE)))
    return replace(
        desired,
        partners=(partner,),
        apps=tuple(replace(each, partner="other") for each in desired.apps),
        subscriptions=tuple(replace(each, partner="other") for each in desired.subscriptions),
    )


def in_turn(name: str, disruption: Disruption, mutation: Mutation) -> Sequence[str]:
    """Apply by token, and end before an answer came; apply by e-mail until it is done, and by token again."""
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context, faults=disruption.faults, mutation=mutation)
        mail = SCENARIOS[name].last
        token = by_token(mail, sim)
        sim.apply(token, wait=False, timeout=3)
        ended = [sim.apply(each).error for each in (mail, token)]
        wrong = [f"P41: it ended with {error}" for error in ended if error is not None]
        return [*violations(sim), *wrong]


def side_by_side(name: str, _trouble: Disruption, mutation: Mutation) -> Sequence[str]:
    """Apply by token, and let somebody who signed in by e-mail want to write meanwhile."""
    with run_dir() as context:
        sim = SimulatedWorld(SCENARIOS[name], context, mutation=mutation)
        mail = SCENARIOS[name].last
        _ended, met = sim.rivalry(by_token(mail, sim), 7.0, rival=mail)
        wrong = [] if any(isinstance(each, Locked) for each in met) else ["P41: nobody was kept out"]
        return [*violations(sim), *wrong]


def _by_its_partner(who: SignedIn, _: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:  # noqa: ARG001  (as it is called)
    return Identified(Upstream(f"{who.url}#{who.id or 'main'}"), who.id)


def _never_another(who: SignedIn, known: Sequence[KnownAccount], ours: Mapping[Upstream, bool]) -> Identity:
    """Take no id over: an id that is returned makes an account of its own."""
    return identify(who, [each for each in known if not who.id or each.id], ours)


def _mixed_up(way: Way, instead: object, breaks: str = "P41") -> Defect:
    late = Disruption((fault("late", seconds=55),)) if way is in_turn else Disruption()
    return Defect(
        breaks, Mutation(names={"controller.loop.identity:identify": instead}), disruption=late, way=way
    )


DEFECTS_OF_ACCOUNTS: Defects = {
    "an account is known by its Partner, one after the other": _mixed_up(in_turn, _by_its_partner),
    "an account is known by its Partner, side by side": _mixed_up(side_by_side, _by_its_partner),
    "an id that is told makes another account": _mixed_up(in_turn, _never_another, "P3"),
    "an id that is told makes another account meanwhile": _mixed_up(side_by_side, _never_another),
}
