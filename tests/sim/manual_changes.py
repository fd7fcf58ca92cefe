"""Changes by hand at Gupshup, from a seed."""

from random import Random

from controller.simulator import World
from controller.simulator.control.manual_changes import change_app

_CHANGES: tuple[dict[str, object], ...] = (
    {"delete": True},
    {"modes": ["READ"]},
    {"url": "https://change_by_hand.example.com/"},
    {"active": False},
)


def change_by_hand(seed: int, world: World) -> None:
    """Change or delete one subscription of about every second app of ours."""
    rng = Random(f"{seed} drift")  # noqa: S311  (a seed, not a secret)
    ours = [app for app in world.apps.by_id.values() if app.partner in world.partners and not app.deleted]
    for app in sorted(ours, key=lambda app: app.phone):
        hooks = sorted(world.subscriptions.of(app.id), key=lambda hook: hook.tag)
        chosen, change, now = rng.random(), rng.choice(_CHANGES), rng.random() < 0.5
        if hooks and now:
            tag = hooks[int(chosen * len(hooks))].tag
            change_app(world, {"app": app.id, "subscriptions": [{"tag": tag, **change}]})
