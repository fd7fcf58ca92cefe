"""`/`: the status page of all apps, for people, with every value escaped and without a script."""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from controller.core.render.held import accept_hint, release_command
from controller.core.render.page_rows import SENDINGS, STATES, AppRow, chosen, partner_cells, row
from controller.core.timestamp import age, timestamp
from controller.doors.web.security_headers import HEADERS
from controller.doors.web.statuses import apps, partners
from controller.edges.store import SqlStore
from controller.loop.run.control import LoopControl
from controller.model.passes import PartnerState, SourceState
from controller.model.text import escape

A_PAGE = 100
_LONGEST_SEARCH = 150
_LONGEST_NUMBER = 6


class Page:
    def __init__(self, control: LoopControl, store: SqlStore) -> None:
        self._control = control
        self._store = store
        loader = PackageLoader("controller.doors.web")
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_shown, trim_blocks=True
        )
        self._template = environment.get_template("page.html")
        self._style = loader.get_source(environment, "page.css")[0]
        self._policy = _policy(self._style)

    def routes(self) -> list[Route]:
        return [Route("/", self.show)]

    async def show(self, request: Request) -> Response:
        """Return a page of apps.

        `?q=` narrows by text, `?state=` by state, `?sending=` by whether they can send, `?page=` selects one.
        """
        parameters = request.query_params
        text = parameters.get("q", "")[:_LONGEST_SEARCH]
        state, sending = (
            _one_of(STATES, parameters.get("state")),
            _one_of(SENDINGS, parameters.get("sending")),
        )
        rows = await self._rows()
        fitting = chosen(rows, text, state, sending)
        pages = max(1, -(-len(fitting) // A_PAGE))
        page = min(_number(parameters.get("page", "")), pages)
        html = self._template.render(
            style=self._style,
            **await self._loop(),
            rows=fitting[(page - 1) * A_PAGE : page * A_PAGE],
            counts=_counted(STATES, (row.state for row in rows)),
            total=len(rows),
            several=len({row.upstream for row in rows}) > 1,
            q=text,
            state=state,
            sending=sending,
            sendings=_counted(SENDINGS, (row.sending for row in rows)),
            page=page,
            pages=pages,
            address=_addresses(q=text, state=state, sending=sending, page=page),
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": self._policy})

    async def _rows(self) -> list[AppRow]:
        now = self._control.now()
        rows: list[AppRow] = []
        async for part in apps(self._store):
            rows += [row(known.status, known.upstream, now) for known in part]
        return rows

    async def _loop(self) -> dict[str, object]:
        """Return the template's values about the source and the partners."""
        now, known = self._control.now(), await partners(self._store)
        since = partial(_since, now)
        return {
            "at": timestamp(now),
            "source": _source(self._control.source(), since, self._control.store_words()),
            "partners": [
                {
                    **_partner(state, since, self._control.store_words()),
                    **partner_cells(state.ends, known.get((state.upstream, state.name))),
                }
                for state in self._control.partners()
            ],
        }


def _shown(value: object) -> object:
    """Escape invisible characters, and those that reverse text. Markup is always our own."""
    return escape(value) if type(value) is str else value


def _source(
    state: SourceState, since: Callable[[float | None], str], store: Sequence[str]
) -> dict[str, object]:
    return {
        "identity": state.identity,
        "revision": state.revision,
        "since": since(state.since),
        "read": since(state.read),
        "error": state.error,
        "error_since": since(state.error_since),
        "accept": accept_hint(state.digest, state.revision, store) if state.digest else "",
        "rejected": state.rejected,
        "waiting": state.waiting,
        "waited": since(state.waited),
    }


def _partner(
    state: PartnerState, since: Callable[[float | None], str], store_words: tuple[str, ...]
) -> dict[str, object]:
    def ago(moment_: float) -> str:
        return f"{since(moment_)} ago" if moment_ else "not yet"

    return {
        "name": state.name,
        "leader": state.is_leader,
        "apps": state.apps,
        "provisioning": state.provisioning,
        "queued": sum(state.queued.values()),
        "listed": ago(state.listed_at),
        "progressed": ago(state.progressed_at),
        "error": state.error,
        "failures": state.failures,
        "held": [
            {"figures": str(each), "command": release_command(each.digest, store_words)}
            for each in state.held
        ],
    }


def _since(now: float, moment_: float | None) -> str:
    return age(now - moment_) if moment_ else ""


def _number(given: str) -> int:
    usable = given.isascii() and given.isdecimal() and len(given) <= _LONGEST_NUMBER
    return max(1, int(given)) if usable else 1


def _one_of(words: Sequence[str], given: str | None) -> str:
    return given if given is not None and given in words else ""


def _counted(words: Sequence[str], given: Iterable[str]) -> dict[str, int]:
    counts = Counter(given)
    return {word: counts[word] for word in words}


def _addresses(**now: object) -> Callable[..., str]:
    """Return a function that makes a link to this page with some parameters changed."""

    def address(**changes: object) -> str:
        parameters = {**now, **changes}
        defaults = {"q": "", "state": "", "sending": "", "page": 1}
        query = urlencode({key: value for key, value in parameters.items() if value != defaults[key]})
        return f"/?{query}" if query else "/"

    return address


def _policy(style: str) -> str:
    """Return the policy that allows this one style sheet, and forms that lead here."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"{HEADERS['Content-Security-Policy']}; form-action 'self'; style-src 'sha256-{digest}'"
