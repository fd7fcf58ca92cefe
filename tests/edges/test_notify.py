"""Notices reach a real receiver over HTTP; an unreachable one delays nothing."""

import asyncio
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from controller.edges.notify import MOST, VARIABLE, Notifier, Service, services
from controller.errors import Usage
from controller.model.notice import Notice

CANARY = "canary0of0a0webhook0path"
NOTICE = Notice("412 apps of partner main stalled: AppLost", "app-001\nFor 10 min.")


class Receiver:
    """A service's own end: keeps what was posted, and answers *statuses*, the last one for ever.

    With *open_ended* it takes the post and never ends its answer until `release` is set.
    """

    def __init__(self, *statuses: int, location: str = "", open_ended: bool = False) -> None:
        self.posts: list[dict[str, Any]] = []
        self.arrived = threading.Semaphore(0)
        self.release = threading.Event()
        left = list(statuses or (200,))
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                mine.posts.append({"path": self.path, **json.loads(body)})
                mine.arrived.release()
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                if location:
                    self.send_header("location", location)
                self.end_headers()
                while open_ended and not mine.release.wait(0.05):
                    with suppress(OSError):
                        self.wfile.write(b"x")
                        self.wfile.flush()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"json://127.0.0.1:{self._server.server_port}/{CANARY}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    there = Receiver()
    yield there
    there.close()


class Desk:
    """A notifier with short patience, its log, and a count of what became of notices."""

    def __init__(
        self, *found: Service, deadline: float = 5.0, pauses: tuple[float, ...] = (0.01, 0.01)
    ) -> None:
        self.results: list[str] = []
        self.capture = LogCapture()
        self._done = asyncio.Semaphore(0)
        log = structlog.wrap_logger(
            None, processors=[self.capture], wrapper_class=structlog.make_filtering_bound_logger(10)
        )
        self.notifier = Notifier(found, log, on_result=self._on_result, deadline=deadline, pauses=pauses)

    def _on_result(self, result: str) -> None:
        self.results.append(result)
        self._done.release()

    async def wait(self, count: int = 1) -> list[str]:
        for _ in range(count):
            await asyncio.wait_for(self._done.acquire(), 20)
        return self.results


def found(url: str) -> tuple[Service, ...]:
    return services(None, {VARIABLE: url})


async def test_a_notice_arrives_with_its_title_and_body(receiver: Receiver) -> None:
    desk = Desk(*found(receiver.url))
    desk.notifier.notify(NOTICE)
    assert await desk.wait() == ["sent"]
    (post,) = receiver.posts
    assert post["path"] == f"/{CANARY}"
    assert (post["title"], post["type"]) == (NOTICE.title, "warning")
    assert post["message"].splitlines() == ["app-001", "For 10 min."]


async def test_a_good_notice_is_marked_as_success(receiver: Receiver) -> None:
    desk = Desk(*found(receiver.url))
    desk.notifier.notify(Notice("Over", "It took 5 s.", good=True))
    await desk.wait()
    assert receiver.posts[0]["type"] == "success"


async def test_every_service_gets_each_notice(receiver: Receiver) -> None:
    other = Receiver()
    desk = Desk(*found(f"# two\n{receiver.url}\n\n  {other.url}\n"))
    desk.notifier.notify(NOTICE)
    assert await desk.wait(2) == ["sent", "sent"]
    assert len(receiver.posts) == len(other.posts) == 1
    other.close()


async def test_a_failing_service_is_tried_three_times(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What is said about it names neither its URL nor the secret in it, by any library at any level."""
    caplog.set_level(logging.DEBUG)
    there = Receiver(500)
    desk = Desk(*found(there.url))
    desk.notifier.notify(NOTICE)
    assert await desk.wait() == ["failed"]
    assert len(there.posts) == 3
    (line,) = desk.capture.entries
    assert (line["event"], line["title"]) == ("notification not sent", NOTICE.title)
    assert line["service"] == "JSON (line 1)"
    said = str(desk.capture.entries) + "".join(capfd.readouterr()) + caplog.text
    assert CANARY not in said
    there.close()


async def test_a_service_that_recovers_gets_the_notice() -> None:
    there = Receiver(500, 200)
    desk = Desk(*found(there.url))
    desk.notifier.notify(NOTICE)
    assert await desk.wait() == ["sent"]
    assert len(there.posts) == 2
    there.close()


async def test_a_redirect_of_a_notification_service_is_not_followed(receiver: Receiver) -> None:
    there = Receiver(307, location=receiver.url.replace("json://", "http://"))
    desk = Desk(*found(there.url))
    desk.notifier.notify(NOTICE)
    assert await desk.wait() == ["failed"]
    assert receiver.posts == []
    there.close()


async def test_a_hanging_service_delays_no_other_service(
    receiver: Receiver,
) -> None:
    """Nor does it take a thread for each notice: one try hangs, the others wait for it and give up."""
    there = Receiver(open_ended=True)
    before = threading.active_count()
    desk = Desk(*found(f"{there.url}\n{receiver.url}"), deadline=0.2)
    for _ in range(10):
        desk.notifier.notify(NOTICE)
    assert (await desk.wait(13)).count("sent") == 10
    assert desk.results.count("failed") == 3
    assert len(there.posts) == 1
    assert threading.active_count() <= before + 2 + 1, "a try each, the receiver's own"
    there.close()


async def test_waiting_notices_are_bounded_and_the_oldest_is_dropped_first() -> None:
    gate, sent = threading.Event(), list[str]()

    def slow(notice: Notice) -> bool:
        gate.wait(20)
        sent.append(notice.title)
        return True

    desk = Desk(Service("slow", slow), deadline=20)
    for number in range(MOST + 50):
        desk.notifier.notify(Notice(str(number), ""))
    dropped = desk.results.count("dropped")
    assert 49 <= dropped <= 50
    gate.set()
    await desk.wait(MOST + 50)
    assert sent[-1] == str(MOST + 49)
    assert len(sent) == MOST + 50 - dropped


async def test_a_plugin_that_raises_is_a_failure_and_its_message_is_not_shown() -> None:
    def broken(_: Notice) -> bool:
        raise RuntimeError(f"cannot reach https://hooks.example.com/{CANARY}")

    desk = Desk(Service("broken", broken))
    desk.notifier.notify(NOTICE)
    assert await desk.wait() == ["failed"]
    assert desk.capture.entries[0]["kind"] == "RuntimeError"
    assert CANARY not in str(desk.capture.entries)


async def test_waiting_notices_are_sent_at_the_end_as_far_as_time_allows(receiver: Receiver) -> None:
    desk = Desk(*found(receiver.url))
    for _ in range(5):
        desk.notifier.notify(NOTICE)
    await desk.notifier.close(10)
    assert len(receiver.posts) == 5
    hanging = threading.Event()
    late = Desk(Service("slow", lambda _: hanging.wait(100)))
    late.notifier.notify(NOTICE)
    await late.notifier.close(0.1)
    assert late.results == [], "it is still at it"
    hanging.set()


async def test_the_end_of_the_notifier_cuts_pauses_short() -> None:
    desk = Desk(Service("down", lambda _: False), pauses=(600.0,))
    desk.notifier.notify(NOTICE)
    await desk.notifier.close(10)
    assert desk.results == ["failed"]


async def test_a_notifier_without_urls_sends_nothing() -> None:
    assert services(None, {}) == ()
    desk = Desk()
    desk.notifier.notify(NOTICE)
    await desk.notifier.close(1)
    assert desk.results == []


@pytest.mark.parametrize("where", ["file", "variable", "twin"])
def test_urls_of_services_come_from_a_file_or_the_environment(where: str, tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("json://127.0.0.1:9/a\njsons://127.0.0.1/b\n", encoding="utf-8")
    calls: dict[str, Callable[[], tuple[Service, ...]]] = {
        "file": lambda: services(str(file), {VARIABLE: "nonsense"}),
        "variable": lambda: services(None, {VARIABLE: file.read_text(encoding="utf-8")}),
        "twin": lambda: services(None, {f"{VARIABLE}_FILE": str(file)}),
    }
    assert [each.name for each in calls[where]()] == ["JSON (line 1)", "JSON (line 2)"]


@pytest.mark.parametrize(
    "url", [f"slakc://{CANARY}", f"slack://{CANARY}", CANARY, f"file:///{CANARY}", f"https://[{CANARY}"]
)
def test_an_invalid_service_url_is_reported_by_its_line_and_not_shown(
    url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Usage, match="line 2 is no URL of a notification service") as caught:
        services(None, {VARIABLE: f"# ours\n{url}"})
    assert CANARY not in str(caught.value) + "".join(capfd.readouterr()) + caplog.text
    assert caught.value.__cause__ is None


def test_an_unreadable_file_of_service_urls_is_named(tmp_path: Path) -> None:
    with pytest.raises(Usage, match=r"notifications: no secret: the file .* cannot be read"):
        services(str(tmp_path / "none"), {})


PAGE = Path(__file__).parents[2] / "docs" / "notifications.md"
URLS = re.findall(r"^\| [^|]+ \| `(\w+://[^`]+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("url", URLS)
def test_the_service_urls_on_the_page_of_notifications_are_valid(url: str) -> None:
    assert len(found(url)) == 1


def test_the_page_of_notifications_has_service_urls() -> None:
    assert len(URLS) >= 7
