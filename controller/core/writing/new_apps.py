"""New apps: sign-ups and the whole source become manifests. The same input gives the same bytes.

The order of sign-ups decides nothing, and neither does what an interrupted run wrote of them already.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from controller.core.decode.document import VERSION
from controller.core.decode.lints import without_webhook
from controller.core.decode.quoting import visible
from controller.core.decode.rules import problem
from controller.core.writing.names import app_names, manifest_names
from controller.core.writing.sign_ups import SignUp
from controller.core.writing.whole import NewManifest, NewManifests, WholeSource
from controller.core.writing.yaml_text import manifest_text
from controller.errors import ManifestError
from controller.model.manifest import App
from controller.model.phone import masked
from controller.model.plan import Kind
from controller.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Target:
    """The *folder* for new files, and the *schema* that their modelines name, relative to it."""

    folder: str
    schema: str | None = None

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}.yaml"


def new_apps(
    sign_ups: Sequence[SignUp], whole: WholeSource, target: Target, problems: Sequence[Problem] = ()
) -> NewManifests:
    """Return a manifest for each of *sign_ups*, new ones with their text, or every problem.

    *problems* are those of records that are no sign-ups. Raises ManifestError if the source is invalid
    already.
    """
    decoded = whole.decoded()
    if decoded.desired is None:
        raise ManifestError(decoded.problems)
    apps, (wanted, wrong) = decoded.desired.apps, _distinct(sign_ups)
    declared = _declared(wanted, apps)
    names = _free(wanted, manifest_names, (app.name for app in apps))
    app_ids = _free(wanted, app_names, (app.app_name for app in apps))
    found: list[NewManifest] = []
    wrong += [*problems, *_other_accounts(declared)]
    for each in wanted:
        if each in declared:
            found.append(_kept(each, declared[each]))
        elif each in names and each in app_ids:
            found.append(_made(each, names[each], app_ids[each], target))
        else:
            wrong.append(_nameless(each))
    made = whole.including(found, wrong)
    hints = _without_webhook(made) if decoded.subscriptions else ()
    return replace(made, warnings=(*made.warnings, *hints))


def _distinct(sign_ups: Iterable[SignUp]) -> tuple[list[SignUp], list[Problem]]:
    """Return the sign-ups, each once, and a problem for each whose phone has other values in another one."""
    first: dict[tuple[str, str], SignUp] = {}
    wrong: list[Problem] = []
    for each in sign_ups:
        other = first.setdefault((each.phone, each.partner), each)
        if other != each:
            owner = f"{visible(other.name)} at {other.place}"
            message = f"{masked(each.phone)} is the phone of {owner}, with other values"
            wrong.append(problem("GS406", each.place, "phone", message))
    return list(first.values()), wrong


def _declared(wanted: Iterable[SignUp], apps: Iterable[App]) -> dict[SignUp, App]:
    """Return the app that declares the phone of each sign-up, under the partner if one is named.

    An app that is retired leaves its phone to the next customer.
    """
    by_phone: dict[str, list[App]] = {}
    for app in (app for app in apps if not app.is_retired):
        by_phone.setdefault(app.phone, []).append(app)
    return {
        each: min(found, key=lambda app: app.waba_id != each.waba_id)
        for each in wanted
        if (found := [app for app in by_phone.get(each.phone, ()) if each.partner in ("", app.partner)])
    }


def _free(
    wanted: Sequence[SignUp], candidates: Callable[[str, str], Sequence[str]], taken: Iterable[str]
) -> dict[SignUp, str]:
    """Return for each sign-up its first name that no manifest has, and that no other sign-up may take.

    Those that are declared count, too: they were new when an interrupted run began.
    """
    possible = {each: candidates(each.name, each.phone) for each in wanted}
    counts = Counter(name.casefold() for names in possible.values() for name in names)
    counts.update(name.casefold() for name in taken)
    free = {
        each: [name for name in names if counts[name.casefold()] == 1] for each, names in possible.items()
    }
    return {each: names[0] for each, names in free.items() if names}


def _kept(sign_up: SignUp, app: App) -> NewManifest:
    return NewManifest(Kind.APP, app.name, app.place.file, sign_up.place)


def _made(sign_up: SignUp, name: str, app_name: str, target: Target) -> NewManifest:
    metadata = {"name": name} | ({"labels": dict(sign_up.labels)} if sign_up.labels else {})
    spec = {"partner": sign_up.partner} if sign_up.partner else {}
    spec |= {"appName": app_name, "wabaId": sign_up.waba_id, "phone": sign_up.phone}
    document = {"apiVersion": VERSION, "kind": str(Kind.APP), "metadata": metadata, "spec": spec}
    text = manifest_text(document, schema=target.schema)
    return NewManifest(Kind.APP, name, target.path(name), sign_up.place, text)


def _other_accounts(declared: Mapping[SignUp, App]) -> Iterator[Problem]:
    for each, app in declared.items():
        if app.waba_id != each.waba_id:
            owner = f"App/{app.name} at {app.place}"
            message = f"{visible(each.waba_id)} is not the WABA of {owner}, which has this phone"
            yield problem("GS403", each.place, "wabaId", message, f'"{app.waba_id}"')


def _without_webhook(made: NewManifests) -> Iterator[Problem]:
    """Yield one hint for all new apps that no webhook is declared for, though others have some."""
    served = {each.app for each in made.desired.subscriptions} if made.desired else set()
    new = [one for one in made.manifests if one.text and one.name not in served]
    if new:
        message = (
            f"{without_webhook.missing([f'{one.kind}/{one.name}' for one in new])}; {without_webhook.REMEDY}"
        )
        yield problem(without_webhook.RULE, new[0].asked, "labels", message)


def _nameless(sign_up: SignUp) -> Problem:
    tried = ", ".join(manifest_names(sign_up.name, sign_up.phone))
    message = f"other manifests have {tried} or its appName; give it another name"
    return problem("GS310", sign_up.place, "name", message)
