"""Partners: their problems beyond the schema, and the Partner of a manifest or of the environment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from controller.core.decode import quantities
from controller.core.decode.document import Document
from controller.core.decode.lints import hosts
from controller.core.decode.quoting import shown
from controller.core.decode.rules import problem
from controller.core.decode.urls import UrlProblem, on_loopback, upstream, url_problem
from controller.model.grant import Grant
from controller.model.manifest import (
    LIMITS,
    AuthMode,
    Bucket,
    Credentials,
    FromEnv,
    FromFile,
    Guards,
    Login,
    Partner,
    Reference,
    Settle,
    SubscribeWhen,
    Token,
)
from controller.model.problem import ENVIRONMENT, Problem, Severity
from controller.model.source import Rules

DEFAULT = "default"
_EMAIL = FromEnv("GUPSHUP_EMAIL")
_SECRET = FromEnv("GUPSHUP_SECRET")
_TOKEN = FromEnv("GUPSHUP_PARTNER_TOKEN")
_SETTLE = {"lateEffect": "late_effect", "staleList": "stale_list"}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")  # another rule reports any other name
_NO_VARIABLE = (
    "must name a variable that begins with GUPSHUP_; to allow another one, list its name in "
    "GUPSHUPCTL_CREDENTIALS_ALLOW"
)
_FOR_THIS = "no other variable names, without '..', or one that a GUPSHUP_…_FILE variable names"
_REFERENCES = ("email", "secret", "token")
_ID = re.compile(r"[1-9][0-9]{0,19}\Z", re.ASCII)


def problems(documents: Sequence[Document], rules: Rules) -> Iterator[Problem]:
    """Yield the problems of Partners beyond their schema."""
    for document in documents:
        yield from _address(document, rules)
        yield from _limits(document)
        yield from _rest(document, rules)
        yield from _references(document, rules.credentials)
        yield from _default_callback(document)
        yield from hosts.of_partner(document)
        yield from _expiry(document)
    filled = [document for document in documents if _uses_environment(document, rules)]
    for document in filled[1:]:
        first = f"{filled[0].title} at {filled[0].place}"
        yield document.problem(
            "GS315", ("spec",), f"takes its url, id or credentials from the environment, as {first} does"
        )
    yield from _duplicates(documents, rules)
    if (filled or not documents) and isinstance(origin := upstream(rules.url, rules), UrlProblem):
        yield problem("GS803", ENVIRONMENT, "GUPSHUP_URL", origin.message, origin.fix)
    if (filled or not documents) and rules.partner_id and not _ID.match(rules.partner_id):
        yield problem("GS316", ENVIRONMENT, "GUPSHUP_PARTNER_ID", "must be a number, as Gupshup tells it")


def _duplicates(documents: Sequence[Document], rules: Rules) -> Iterator[Problem]:
    """Yield a problem for each Partner of an account that another Partner has already."""
    first: dict[tuple[str, str], Document] = {}
    for document in documents:
        if partner_id := _partner_id(document, rules):
            earlier = first.setdefault((address(document, rules), partner_id), document)
            if earlier is not document:
                message = f"is the account of {earlier.title} at {earlier.place} already"
                yield document.problem("GS317", ("spec", "partnerId"), message)


def _uses_environment(document: Document, rules: Rules) -> bool:
    """Return whether the environment supplies some part of url, id and credentials."""
    given = document.get("spec", "credentials")
    keys = set(given) if isinstance(given, dict) else set()
    if document.get("spec", "url") is None or not ("token" in keys or keys >= {"email", "secret"}):
        return True
    return bool(rules.partner_id) and document.get("spec", "partnerId") is None


def _partner_id(document: Document, rules: Rules) -> str:
    return document.text("spec", "partnerId") or rules.partner_id


def _address(document: Document, rules: Rules) -> Iterator[Problem]:
    url = document.text("spec", "url")
    if url and isinstance(origin := upstream(url, rules), UrlProblem):
        yield document.problem("GS803", ("spec", "url"), origin.message, origin.fix)


def _limits(document: Document) -> Iterator[Problem]:
    for key, text in document.texts("spec", "limits").items() if document.sound else ():
        published = LIMITS[Bucket(key)]
        if quantities.above(quantities.limit(text), published):
            window = f"{published.calls} in {published.seconds:g} s"
            message = f"{shown(text)} is above what Gupshup publishes ({window}); it will answer 429"
            yield document.problem("GS802", ("spec", "limits", key), message)


def _rest(document: Document, rules: Rules) -> Iterator[Problem]:
    """Yield each too short wait before a link is repeated: an error, at a simulator a warning."""
    for key, text in document.texts("spec", "settle").items() if document.sound else ():
        least = getattr(Settle(), _SETTLE[key])
        if quantities.duration(text) < least:
            message = f"{shown(text)} is less than {least / 60:g}m: apps could be linked twice; leave it out"
            too_short = document.problem("GS804", ("spec", "settle", key), message)
            is_loopback = on_loopback(address(document, rules))
            yield too_short if is_loopback else replace(too_short, severity=Severity.ERROR)


def _references(document: Document, grant: Grant) -> Iterator[Problem]:
    """Yield each reference in credentials that the operator did not grant. Possible secrets are not shown."""
    for part in _REFERENCES:
        where = ("spec", "credentials", part)
        name, path = document.text(*where, "env"), document.text(*where, "file")
        if name and _VARIABLE.match(name) and not grant.allows_variable(name):
            yield document.problem("GS608", (*where, "env"), _NO_VARIABLE)
        if path and grant.path(path) is None:
            message = f"must name a file below GUPSHUPCTL_CREDENTIALS_DIR ({grant.folder}) that {_FOR_THIS}"
            yield document.problem("GS603", (*where, "file"), message)


def _default_callback(document: Document) -> Iterator[Problem]:
    url = document.text("spec", "defaults", "callbackUrl")
    if url is None or "${app." in url:
        return
    insecure = document.get("spec", "allowInsecureUrls") is True
    if flaw := url_problem(url, insecure=insecure):
        yield document.problem(flaw.rule, ("spec", "defaults", "callbackUrl"), flaw.message, flaw.fix)


def _expiry(document: Document) -> Iterator[Problem]:
    text = document.text("spec", "credentials", "expires")
    if text is not None and document.sound and quantities.day_or_moment(text) is None:
        message = f"{shown(text)} is no moment in any calendar"
        yield document.problem("GS318", ("spec", "credentials", "expires"), message)


def from_environment(rules: Rules) -> Partner:
    """Return the partner that is meant if no manifest declares one."""
    return Partner(
        DEFAULT, _canonical(rules.url, rules), _credentials({}, rules), partner_id=rules.partner_id
    )


def partner(document: Document, rules: Rules) -> Partner:
    """Return the Partner of a sound entry without problems."""
    when = document.text("spec", "subscribeWhen")
    expires = document.text("spec", "credentials", "expires")
    limits = {Bucket(key): quantities.limit(text) for key, text in document.texts("spec", "limits").items()}
    return Partner(
        name=document.name,
        url=address(document, rules),
        credentials=_credentials(_mapping(document.get("spec", "credentials")), rules),
        subscribe_when=SubscribeWhen(when) if when else SubscribeWhen.LIVE,
        limits={**LIMITS, **limits},
        guards=_guards(_mapping(document.get("spec", "guards"))),
        owned_tags=document.text("spec", "ownedTags"),
        settle=_settle(document.texts("spec", "settle")),
        partner_id=_partner_id(document, rules),
        webhooks=hosts.policy(document),
        expires=quantities.day_or_moment(expires) if expires else None,
        place=document.place,
    )


def address(document: Document, rules: Rules) -> str:
    """Return the URL of this Partner, in its canonical form if there is one."""
    return _canonical(document.text("spec", "url") or rules.url, rules)


def _canonical(url: str, rules: Rules) -> str:
    origin = upstream(url, rules)
    return url if isinstance(origin, UrlProblem) else origin


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _credentials(given: Mapping[str, object], rules: Rules) -> Credentials:
    references = {
        part: rules.credentials.rooted(reference(given[part])) for part in _REFERENCES if part in given
    }
    if "token" in references or ("auth" not in given and not references and rules.token_given):
        return Token(references.get("token", _TOKEN))
    auth = AuthMode(str(given.get("auth", AuthMode.AUTO)))
    return Login(references.get("email", _EMAIL), references.get("secret", _SECRET), auth)


def reference(value: object) -> Reference:
    """Return the reference of a sound `{env: …}` or `{file: …}`."""
    fields = _mapping(value)
    return FromEnv(str(fields["env"])) if "env" in fields else FromFile(str(fields["file"]))


def _guards(given: Mapping[str, object]) -> Guards:
    names = {
        "maxLinks": "max_links",
        "maxUpdates": "max_updates",
        "maxUnsubscribes": "max_unsubscribes",
        "maxShrink": "max_shrink",
    }
    return Guards(
        **{
            names[key]: quantities.ceiling(value)
            for key, value in given.items()
            if isinstance(value, (int, str))
        }
    )


def _settle(given: Mapping[str, str]) -> Settle:
    return Settle(**{_SETTLE[key]: quantities.duration(text) for key, text in given.items()})
