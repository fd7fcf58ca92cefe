"""Rules: an example of each, beside the meaning and the remedy that `core.decode.rules` holds."""

from collections.abc import Iterator, Mapping

from controller.core.decode.rules import RULES
from controller.core.explain.explanation import Explanation, Section

_EXAMPLES: Mapping[str, str] = {
    "GS100": "a file of comments only",
    "GS101": "`metadata:` with a tab before `name`",
    "GS102": "`<<<<<<< HEAD`",
    "GS104": "`- a` at the top of a file",
    "GS105": "`{name: a, name: b}`",
    "GS107": '`wabaId: &id "109…"`, `*id`, `<<: …`',
    "GS108": "`[[[[…`",
    "GS109": "a file of 300 KiB",
    "GS110": "a list of 300 items",
    "GS111": "a reason of 5,000 characters",
    "GS113": "`phone: !!str 91…`",
    "GS114": "`%YAML 1.1`",
    "GS115": "Latin-1 or UTF-16",
    "GS116": "a NUL, an escape, U+0085",
    "GS117": "U+202E in a name, a zero-width joiner",
    "GS118": "`1: x`, `? [a, b]`",
    "GS119": 'saved by some editors as "UTF-8 with BOM"',
    "GS120": "the 51st problem of one file",
    "GS201": "`phone: 919876543210`, `name: no`",
    "GS202": '`version: "3"`, `version: 4`, `version: 0o3`, `active: off`',
    "GS204": "`modes: SENT, READ`",
    "GS205": "`spec: hello`, `headers: {X-A: value}`",
    "GS206": "`phone:`",
    "GS301": "`wabaID: …`",
    "GS302": "`status: {…}`",
    "GS303": "an App without `phone`",
    "GS304": "`kind: app`",
    "GS305": "`apiVersion: gupshup.controller/v2`",
    "GS306": "`storageRegion: XX`",
    "GS307": "`name: Foo_Bar`",
    "GS308": "a value with a space, 33 labels",
    "GS309": "`policies: [Link, Link]`",
    "GS310": "`App/acme` in two files",
    "GS311": "`app: acme-suport`",
    "GS312": "two Partners, and an App without `partner`",
    "GS313": "`matchLabels: {tier: gold}`, and no app has this label",
    "GS314": "both `app` and `appSelector`",
    "GS315": "two Partners without `credentials`",
    "GS316": "`partnerId: main`",
    "GS317": "one `partnerId` in two Partners of one `url`",
    "GS318": "`expires: 2027-02-30`",
    "GS320": "`10 minutes`",
    "GS321": "`10 per minute`",
    "GS322": '`"25"`, `120%`',
    "GS323": "`until: 2026-13-01T00:00:00Z`",
    "GS324": '`allowedHosts: ["https://hooks.example.com"]`, `["*"]`',
    "GS325": "`webhooks: {onForeign: Block}`",
    "GS401": "`appName: acme-1`",
    "GS402": '`"+919876543210"`',
    "GS403": "`wabaId` equal to `phone`",
    "GS404": "`appId: 7f9c`",
    "GS406": "two Apps with one phone",
    "GS407": "`new app --phone +9198765437770`, a digit too many",
    "GS501": "`http://…`, `javascript:…`",
    "GS502": "`https://user:password@host/`",
    "GS503": "`https://10.0.0.1/`, `https://intranet/`, `https://2130706433/`",
    "GS506": "a space, `{{var}}`, port 0, `#fragment`",
    "GS508": "`tag: a/b`",
    "GS509": "two Subscriptions of an app with one `url`",
    "GS510": "`DELETE`, `[ALL, SENT]`",
    "GS511": "`version: 3` with `ACCOUNT`",
    "GS512": "`Host`, `X A`",
    "GS513": "two Subscriptions of an app with one tag",
    "GS515": "six Subscriptions of one app, selectors expanded",
    "GS516": "`modes: [SENT, OTHERS]`, and no webhook of the app has `FAILED`",
    "GS517": "`READ` in a webhook of version 2 and in one of version 3",
    "GS518": "no webhook of an app has `ACCOUNT`",
    "GS519": '`url: https://hooks.example.org/x` with `allowedHosts: ["*.example.com"]`',
    "GS520": "`labels: {teir: gold}`, and the only selector asks for `tier: gold`",
    "GS601": "`password: …`, a token in a comment",
    "GS603": "`{file: /etc/shadow}`, `{file: ../../x}`",
    "GS605": "`{env: A, file: /b}`",
    "GS606": "`{env: AWS_SECRET_ACCESS_KEY}`",
    "GS607": "`${app.nme}`, `${{ env.X }}`",
    "GS608": "`{env: AWS_SECRET_ACCESS_KEY}`",
    "GS701": "an empty folder",
    "GS702": "a line break in a file's name",
    "GS703": "10,001 files",
    "GS704": "a pipe called `a.yaml`, no permission",
    "GS705": "`a.yaml` beside `a.yml`",
    "GS706": "SOPS, git-crypt, age, Ansible Vault",
    "GS707": "`a.yaml -> ../../secret.yaml`",
    "GS708": "a submodule, a Git LFS pointer",
    "GS709": "`ACME.YAML`",
    "GS802": "`limits: {link: 20/min}`",
    "GS803": "`url: https://evil.example.com`, `url: http://localhost:9200`",
    "GS804": "`settle: {lateEffect: 0s}`",
}

_TITLES: Mapping[str, str] = {
    "GS1": "files-and-yaml",
    "GS2": "types",
    "GS3": "structure",
    "GS4": "apps",
    "GS5": "webhooks-and-urls",
    "GS6": "secrets-references-and-templates",
    "GS7": "sources",
    "GS8": "surroundings",
}


def _rows(beginning: str) -> Iterator[Explanation]:
    for rule in RULES.values():
        if rule.id.startswith(beginning):
            yield Explanation(rule.id, rule.meaning, _EXAMPLES[rule.id], rule.remedy, str(rule.severity))


RULE_SECTIONS = tuple(
    Section("rule", f"rules.md#{title}", tuple(_rows(beginning)), "severity")
    for beginning, title in _TITLES.items()
)
