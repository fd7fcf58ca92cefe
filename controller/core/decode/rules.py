"""Rules about manifests in one table: the id, the severity, the meaning and the remedy of each.

`core/explain` adds an example of each, and `docs/rules.md` is made from both.
"""

from dataclasses import dataclass

from controller.model.problem import Place, Problem, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    severity: Severity
    meaning: str
    remedy: str


def _error(rule: str, meaning: str, remedy: str) -> Rule:
    return Rule(rule, Severity.ERROR, meaning, remedy)


def _hint(rule: str, meaning: str, remedy: str) -> Rule:
    return Rule(rule, Severity.HINT, meaning, remedy)


def _warning(rule: str, meaning: str, remedy: str) -> Rule:
    return Rule(rule, Severity.WARNING, meaning, remedy)


_FILES = (
    _warning("GS100", "The file holds no document", "Remove the file, or declare something in it"),
    _error("GS101", "The file is not YAML", "Correct the syntax at the place named"),
    _error("GS102", "Conflict markers of git", "Resolve the conflict and remove the markers"),
    _error(
        "GS104", "A document is not a mapping", "Begin each document with apiVersion, kind, metadata, spec"
    ),
    _error("GS105", "A key appears twice in one mapping", "Keep one of the two"),
    _error("GS107", "Anchors, aliases and merge keys are refused", "Use a selector, or a Partner's defaults"),
    _error("GS108", "Nesting deeper than 32", "No manifest needs it; flatten the document"),
    _error("GS109", "The file is larger than 256 KiB", "Split it into several files"),
    _error("GS110", "More than 10,000 nodes in a file, or 200 in a list", "Split it into several files"),
    _error("GS111", "A key or a value is too long", "Shorten it: 200 characters a key, 4,096 a value"),
    _error("GS113", "YAML tags are refused", "Remove the tag; quote the value to make it a string"),
    _error("GS114", "YAML directives are refused", "Remove the line that begins with %"),
    _error("GS115", "The file is not UTF-8", "Save it as UTF-8"),
    _error("GS116", "A control character", "Remove it"),
    _error("GS117", "An invisible or bidirectional character", "Remove it, or type the word again"),
    _error("GS118", "A key is not a string", "Quote the key"),
    _warning("GS119", "The file begins with a byte order mark", "Save it as UTF-8 without one"),
    _warning("GS120", "More problems than are listed", "Correct the listed ones and validate again"),
)
_TYPES = (
    _error("GS201", "A string is needed, and other tools would not read a string", "Put the value in quotes"),
    _error("GS202", "A whole number, or true or false, is needed", "Write it without quotes"),
    _error("GS204", "A list is needed", "Write [A, B], or one item a line behind '- '"),
    _error("GS205", "A mapping is needed", "Write key: value pairs"),
    _error("GS206", "A field without a value", "Give it a value, or remove the field"),
)
_STRUCTURE = (
    _error("GS301", "An unknown field", "Correct its name, or remove it"),
    _error("GS302", "status is written by the controller", "Remove it"),
    _error("GS303", "A required field is missing", "Add it"),
    _error(
        "GS304", "An unknown kind or apiVersion", "Use gupshup.controller/v1 with Partner, App, Subscription"
    ),
    _error("GS305", "An unsupported version of the format", "Use apiVersion: gupshup.controller/v1"),
    _error("GS306", "Not one of the allowed values", "Choose one of those named"),
    _error("GS307", "Not a valid name", "Use 1 to 150 letters, digits and inner '-'"),
    _error("GS308", "Not a valid label", "Use 1 to 63 letters, digits, '-', '_' and '.'; at most 32 labels"),
    _error("GS309", "A policy appears twice", "Keep one of the two"),
    _error("GS310", "Two manifests of one kind and name", "Rename one of the two"),
    _error("GS311", "A reference to a manifest that does not exist", "Correct the name, or add the manifest"),
    _error("GS312", "The partner must be named", "Add spec.partner: there is more than one"),
    _warning("GS313", "A selector that matches no app", "Correct the labels, or label an app"),
    _error("GS314", "Exactly one of app and appSelector", "Keep one of the two; a selector has matchLabels"),
    _error(
        "GS315", "Two Partners filled from the environment", "Give both a url and credentials of their own"
    ),
    _error("GS316", "Not a valid partnerId", "Copy the number that Gupshup's login answers as id, in quotes"),
    _error(
        "GS317", "Two Partners of one account", "Declare the account once; apps name the Partner that stays"
    ),
    _error(
        "GS318",
        "Not a valid end of credentials",
        "Write a day, 2027-02-01, or an RFC 3339 time with its zone",
    ),
    _error("GS320", "Not a valid duration", "Write a whole number and s, m, h or d: 10m"),
    _error("GS321", "Not a valid rate limit", "Write calls and a window: 10/s, 10/min, 100/h"),
    _error("GS322", "Not a valid ceiling", "Write a number (25) or a share (20%)"),
    _error("GS323", "Not a valid suspension", "Write true, or a reason and an RFC 3339 time"),
    _error(
        "GS324", "Not a valid host pattern", "Write hooks.example.com, or *.example.com; no port, no path"
    ),
    _error("GS325", "onForeign: Block without allowedHosts", "Add allowedHosts, or remove onForeign"),
)
_APPS = (
    _error("GS401", "An app name that Gupshup refuses", "Use 6 to 150 letters and digits"),
    _error("GS402", "Not a valid phone number", "Write 8 to 15 digits in quotes, country code first"),
    _error("GS403", "Not a valid wabaId", "Copy the digits of the WhatsApp Business Account's id, in quotes"),
    _error("GS404", "Not a valid appId", "Copy the UUID of the app from Gupshup"),
    _error("GS406", "The same phone, app name or appId twice", "Declare each app once per Gupshup"),
    _warning(
        "GS407", "A phone number that its country is not known to have", "Compare it with the customer's"
    ),
)
_WEBHOOKS = (
    _error("GS501", "A URL that is not https", "Use https, or allowInsecureUrls in a lab"),
    _error("GS502", "Credentials in a URL", "Remove them; use headers with references"),
    _error("GS503", "A host that Gupshup cannot reach", "Use a public host name"),
    _error("GS506", "A URL that is malformed", "Write https://host/path, nothing escaped twice, no fragment"),
    _error("GS508", "Not a valid tag", "Use 1 to 150 letters, digits, '-', '_', '.' and ':'"),
    _warning("GS509", "One URL under two tags of an app", "Gupshup delivers to it twice; keep one"),
    _error(
        "GS510", "Modes that Gupshup does not know", "Choose from the list in docs/manifests.md, each once"
    ),
    _error(
        "GS511", "TEMPLATE, ACCOUNT, COPY on version 3", "Use version 2, or v3AccountModes of the Partner"
    ),
    _error("GS512", "Not a valid header", "Name a header of your own, and reference its value"),
    _error("GS513", "A tag twice on one app", "Give each webhook of an app its own tag"),
    _error("GS515", "More than five webhooks on one app", "Remove some, or let one webhook have more modes"),
    _warning("GS516", "OTHERS without FAILED or BILLING", "Add the mode: OTHERS no longer covers it"),
    _warning("GS517", "One event in two versions", "Ask for each mode in one version only"),
    _hint("GS518", "ACCOUNT nowhere", "Declare a webhook with version: 2 and ACCOUNT"),
    _error(
        "GS519", "A host that the Partner does not allow", "Correct the url, or add the host to allowedHosts"
    ),
    _hint("GS520", "An app without a webhook", "Correct its labels, or declare a Subscription for it"),
)
_TRUST = (
    _error("GS601", "A secret in a manifest", "Remove it, change it at its issuer, and use a reference"),
    _error(
        "GS603",
        "A file that may not be referenced",
        "Name a file below GUPSHUPCTL_CREDENTIALS_DIR, for a header below GUPSHUPCTL_HEADER_DIR",
    ),
    _error("GS605", "Not a valid reference", "Write {env: NAME} or {file: PATH}; email and secret, or token"),
    _error("GS606", "A variable that headers may not use", "Name a variable that begins with HOOK_"),
    _error("GS607", "Not a valid template", "Use ${app.name}, .appName, .phone, .wabaId or .labels.KEY"),
    _error(
        "GS608",
        "A variable that credentials may not use",
        "Name a variable that begins with GUPSHUP_, or list it in GUPSHUPCTL_CREDENTIALS_ALLOW",
    ),
)
_SOURCE = (
    _warning("GS701", "A source without manifests", "Add a *.yaml file, or name another folder"),
    _error("GS702", "An odd file name", "Rename it: letters, digits and -_.+@ without control characters"),
    _error("GS703", "Too many files or documents", "Split the source: 10,000 files, 50,000 documents"),
    _error("GS704", "A file that cannot be read", "Make it a readable regular file, or remove it"),
    _warning("GS705", "Two files whose names differ only in case or ending", "Rename one of the two"),
    _error("GS706", "An encrypted file", "Decrypt it before it gets here; manifests need no secrets"),
    _error("GS707", "A symbolic link that leads out of the source", "Replace it by the file"),
    _error("GS708", "A file that is kept elsewhere", "Commit the file itself: no submodule, no Git LFS"),
    _warning("GS709", "A file that only looks like a manifest", "Name it *.yaml or *.yml, in small letters"),
)
_LIMITS = (
    _warning("GS802", "A rate limit above what Gupshup publishes", "Lower it, unless Gupshup agreed to more"),
    _error(
        "GS803",
        "A Gupshup address that is not allowed",
        "Use https://partner.gupshup.io, or GUPSHUPCTL_ALLOW_URLS",
    ),
    _warning(
        "GS804",
        "A wait shorter than its default: an app could be linked twice",
        "Leave it out; it is an error if the url is not on loopback",
    ),
)

RULES = {
    rule.id: rule
    for table in (_FILES, _TYPES, _STRUCTURE, _APPS, _WEBHOOKS, _TRUST, _SOURCE, _LIMITS)
    for rule in table
}
"""All rules by id."""


def problem(rule: str, place: Place, field: str, message: str, fix: str | None = None) -> Problem:
    """Return a problem with the severity of its rule in the table."""
    return Problem(place, rule, RULES[rule].severity, field, message, fix)
