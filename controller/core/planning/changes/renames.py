"""Renames: what has another name now than before. A phone or a tag shows that it is the same."""

from collections.abc import Mapping
from dataclasses import replace

from controller.model.manifest import App, Desired, Subscription


def renames(before: Desired, now: Desired) -> Mapping[str, str]:
    """Return the present name of each app that had another name in *before*, by that name.

    An app is known by its phone, which no two apps of a partner share.
    """
    names = {(app.partner, app.phone): app.name for app in now.apps}
    pairs = ((app.name, names.get((app.partner, app.phone), app.name)) for app in before.apps)
    return {was: name for was, name in pairs if was != name}


def under_new_names(before: Desired, now: Desired) -> Desired:
    """Return *before* with the names of *now*, so that what only has another name is equal in both.

    A subscription is known by its app and its tag. An app whose old name is another's by now is left out.
    """
    known = renames(before, now)
    taken = set(known.values()) - known.keys()
    names = {(each.app, each.tag): each.name for each in now.subscriptions}
    return replace(
        before,
        apps=tuple(_app(each, known) for each in before.apps if each.name not in taken),
        subscriptions=tuple(
            _subscription(each, known, names) for each in before.subscriptions if each.app not in taken
        ),
    )


def _app(app: App, known: Mapping[str, str]) -> App:
    return replace(app, name=known.get(app.name, app.name))


def _subscription(
    wanted: Subscription, known: Mapping[str, str], names: Mapping[tuple[str, str], str]
) -> Subscription:
    app = known.get(wanted.app, wanted.app)
    return replace(wanted, app=app, name=names.get((app, wanted.tag), wanted.name))
