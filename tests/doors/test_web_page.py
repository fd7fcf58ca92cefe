"""The page shows how every app stands; whatever stands in the data, it is text and nothing else."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from controller.core.status.partner_status import partner_item
from controller.doors.web import front_app
from controller.edges.store import SqlStore
from controller.model.passes import Lane, PartnerState, SourceState
from controller.model.plan import Foreign, Item, Kind, Verb
from controller.model.status import HeldClass, HeldSet, Status
from controller.model.text import escape
from tests.builders.account import SECRET_KIND, end_in
from tests.builders.health import BANNED, FINE, health
from tests.builders.memory import NOW
from tests.builders.passes import held
from tests.builders.status import condition
from tests.builders.upstream import HERE
from tests.doors.fake_control import FakeControl
from tests.doors.web_fixture import caller, keep, open_web_store, status

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</style><script>alert(1)</script>",
    "{{ 7*7 }} {% include 'page.css' %} ${jndi:ldap://x}",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066",
    "\x1b[2J\r\nSet-Cookie: a=b",
    "&lt;b&gt;&#60;",
    "a/../../healthz?x=1#y",
]


BOTHERED = Status(
    partner_item("main"),
    (condition("CredentialsEnding", reason="SecretEnds", message="make a new one"),),
    "r1",
    NOW,
)


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and the words of each row of the last table."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words.append(" ")
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "input", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def attributes(self, name: str) -> list[str]:
        return [value for _, found in self.tags if (value := found.get(name)) is not None]


async def show(
    folder: Path, *statuses: Status, path: str = "/", board: FakeControl | None = None
) -> tuple[str, str]:
    """Return the page and its policy."""
    async with (
        open_web_store(folder) as store,
        caller(front_app(board or FakeControl(), store, token=None)) as http,
    ):
        await keep(store, *statuses)
        answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text, answer.headers["content-security-policy"]


async def test_each_app_is_a_row_with_state_stage_reason_and_age(tmp_path: Path) -> None:
    stalled = status("acme", "Stalled", reason="NameTakenElsewhere", message="words", stage="FINALIZE")
    text, _ = await show(tmp_path, stalled, status("bakery"))
    page = Page(text)
    assert page.open == []
    assert "All 2 Stalled 1 Held 0 Reconciling 0 Unknown 0 Unmanaged 0 Ready 1 Retired 0" in page.text
    assert "acme main Stalled FINALIZE - NameTakenElsewhere words 1 h 1 min 30 s ago" in page.text
    assert "bakery main Ready - - AllGood 1 h 1 min 30 s ago" in page.text


async def test_a_held_app_has_a_state_a_filter_and_a_count_of_its_own(tmp_path: Path) -> None:
    words = "guard maxLinks: 3 planned, 1 allowed"
    held_app = status("acme", "Held", reason="Held", message=words)
    text, _ = await show(tmp_path, held_app, status("bakery"), status("cellar", "Reconciling"))
    assert "All 3 Stalled 0 Held 1 Reconciling 1 Unknown 0 Unmanaged 0 Ready 1 Retired 0" in Page(text).text
    assert f"acme main Held - - Held {words} 1 h 1 min 30 s ago" in Page(text).text
    assert '<span class="state Held">' in text
    assert "<title>(1) Gupshup Controller</title>" in text, "a person has to act"
    only, _ = await show(tmp_path, path="/?state=Held")
    assert ("acme" in only, "bakery" in only, "cellar" in only) == (True, False, False)


async def test_a_foreign_webhook_is_shown_with_its_app_and_escaped(tmp_path: Path) -> None:
    theirs = Item(Kind.SUBSCRIPTION, "main", "acme", "<b>theirs</b>")
    foreign = Foreign(theirs, "9", "hooks.example.org", ("MESSAGE",), 3, allowed=False)
    text, _ = await show(tmp_path, replace(status("acme"), foreign=(foreign,)), status("bakery"))
    assert "foreign webhook <b>theirs</b> → hooks.example.org, MESSAGE, version 3" in Page(text).text
    assert "<b>theirs</b>" not in text
    assert text.count('<small class="bad">') == 1
    found, _ = await show(tmp_path, path="/?q=hooks.example.org")
    assert "bakery" not in Page(found).text


async def test_the_page_shows_the_source_and_the_partners_with_their_errors(tmp_path: Path) -> None:
    source = SourceState(
        "manifests/", "r1", NOW - 60, NOW - 5, "b.yaml is wrong", NOW - 7_200, "d1", "r2", "a rest", NOW - 3
    )
    partners = (
        PartnerState(
            "main",
            HERE,
            is_leader=True,
            apps=3,
            listed_at=NOW - 9,
            progressed_at=NOW - 1,
            provisioning=2,
            ends=(end_in(6, SECRET_KIND),),
        ),
        PartnerState("other", queued={Lane.DRIFT: 4}, error="signing in", failures=3, held=(held("d2"),)),
    )
    text, _ = await show(tmp_path, BOTHERED, board=FakeControl(state=source, all_partners=partners))
    words = Page(text).text
    assert "revision r1 for 1 min" in words
    assert "A newer revision is rejected, for 2 h 0 min: b.yaml is wrong" in words
    accept = "To accept exactly this: `gupshupctl reconcile --release d1`"
    assert f"Rejected: r2 {accept}" in words
    assert "Waiting to read the source, for 3 s: a rest" in words
    soon = "client secret 2023-11-20T22:13:20Z"
    assert f"main this process 3 2 0 9 s ago 1 s ago {soon} SecretEnds: make a new one" in words
    assert "other not here 0 0 4 not yet not yet - signing in (3 times in a row)" in words
    what, command = "guard maxLinks: 3 planned, 1 allowed", "gupshupctl reconcile --release d2"
    assert f"Held by {what}. To release exactly this: {command}" in words
    assert "no app yet" in words


async def test_the_page_says_so_if_nothing_was_read_yet(tmp_path: Path) -> None:
    text, _ = await show(tmp_path, board=FakeControl(state=SourceState("manifests/"), all_partners=()))
    assert "none yet" in text
    assert "not yet" in text


def everywhere(words: str) -> tuple[Status, FakeControl]:
    """Return an app, and a loop, with *words* wherever words can stand."""
    hostile_hold = HeldSet(words, (HeldClass(words, Verb.LINK, 1, words),))
    board = FakeControl(
        state=SourceState(words, words, NOW, NOW, words, NOW, words, words, words, NOW),
        all_partners=(PartnerState(words, words, error=words, held=(hostile_hold,)),),
    )
    stalled = status(words, "Stalled", reason=words, message=words, stage=words)
    return replace(stalled, item=replace(stalled.item, partner=words)), board


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_text_is_escaped_everywhere_on_the_page(
    hostile: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain, policy = await everything(tmp_path_factory.mktemp("plain"), "x")
    text, same_policy = await everything(tmp_path_factory.mktemp("hostile"), hostile)
    page = Page(text)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in Page(plain).tags]
    assert [set(found) for _, found in page.tags] == [set(found) for _, found in Page(plain).tags]
    assert policy == same_policy
    assert "".join(page.words).count(escape(hostile)) == 16
    assert f"/api/v1/apps/{quote(hostile)}" in page.attributes("href")


async def everything(folder: Path, words: str) -> tuple[str, str]:
    stalled, board = everywhere(words)
    return await show(folder, stalled, board=board)


async def test_the_searched_text_is_escaped_on_the_page(tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script>'
    text, _ = await show(tmp_path, path=f"/?q={quote(hostile)}&state=Stalled")
    page = Page(text)
    assert hostile in page.attributes("value")
    assert "script" not in {tag for tag, _ in page.tags}
    assert "no app matches" in page.text


async def test_the_content_security_policy_allows_one_style_sheet_and_no_script(tmp_path: Path) -> None:
    text, policy = await show(tmp_path)
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert Page(text).attributes("style") == []
    assert not any(name.startswith("on") for _, found in Page(text).tags for name in found)


@pytest.mark.parametrize(
    ("path", "first", "rows", "turns"),
    [
        pytest.param("/", "app-0000", 100, ["/?page=2"], id="the first page"),
        pytest.param("/?page=2", "app-0100", 100, ["/", "/?page=3"], id="the second"),
        pytest.param("/?page=3", "app-0200", 50, ["/?page=2"], id="the last"),
        pytest.param("/?page=99", "app-0200", 50, ["/?page=2"], id="beyond"),
        pytest.param("/?page=-1", "app-0000", 100, ["/?page=2"], id="before"),
        pytest.param("/?page=" + "9" * 9_000, "app-0000", 100, ["/?page=2"], id="no page at all"),
        pytest.param("/?q=app-01&page=2", "app-0100", 100, [], id="fewer fit"),
        pytest.param(
            "/?state=Ready&page=2", "app-0100", 100, ["/?state=Ready", "/?state=Ready&page=3"], id="a state"
        ),
        pytest.param("/?state=Nonsense", "app-0000", 100, ["/?page=2"], id="no state at all"),
    ],
)
async def test_many_apps_are_shown_page_by_page(
    path: str, first: str, rows: int, turns: list[str], tmp_path: Path
) -> None:
    text, _ = await show(tmp_path, *(status(f"app-{number:04d}") for number in range(250)), path=path)
    page = Page(text)
    links = [found["href"] for tag, found in page.tags if tag == "a" and "rel" in found]
    apps = [each for each in page.attributes("href") if each.startswith("/api/v1/apps/")]
    assert apps[0] == f"/api/v1/apps/{first}"
    assert len(apps) == rows
    assert links == turns


async def test_apps_are_shown_and_chosen_by_whether_they_can_send(tmp_path: Path) -> None:
    apps = (
        replace(status("acme"), health=health(BANNED)),
        replace(status("bakery"), health=health(FINE)),
        status("clinic"),
    )
    text, _ = await show(tmp_path, *apps, path="/?sending=Banned&q=ac")
    page = Page(text)
    assert "Banned 1 Blocked 0 Limited 0 Available 1 Unknown 0" in page.text
    assert "acme main Ready - Banned GREEN AllGood" in page.text
    assert [each for each in page.attributes("href") if each.startswith("/api/")] == ["/api/v1/apps/acme"]
    assert "/?q=ac&sending=Available" in page.attributes("href")
    assert ("input", {"type": "hidden", "name": "sending", "value": "Banned"}) in page.tags
    text, _ = await show(tmp_path, path="/?sending=Nonsense")
    assert "Nonsense" not in text


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_gupshup_s_words_about_health_are_text_on_the_page(hostile: str, tmp_path: Path) -> None:
    info = replace(FINE, quality=hostile, verified_name=hostile, can_send=hostile)
    text, _ = await show(tmp_path, replace(status("acme"), health=health(info)))
    page = Page(text)
    assert escape(hostile) in "".join(page.words)
    assert "script" not in {tag for tag, _ in page.tags}


async def test_the_page_shows_the_account_of_each_app_if_there_are_two(
    store: SqlStore, http: httpx.AsyncClient
) -> None:
    await keep(store, status("acme"))
    assert HERE not in (await http.get("/")).text
    await keep(store, status("acme"), upstream="http://127.0.0.1:8085#1")
    text = (await http.get("/")).text
    assert HERE in text
    assert "http://127.0.0.1:8085#1" in text
