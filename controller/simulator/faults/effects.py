"""What each fault does: whether the call takes effect, and what then goes out on the wire."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from controller.simulator.dispatch import act, note
from controller.simulator.faults.fault import Fault
from controller.simulator.faults.kinds import BIRTH, INSIDE, REWRITES
from controller.simulator.faults.rewrites import rewritten
from controller.simulator.route import Visit
from controller.simulator.wire import End, Reply, Script, failure, plain
from controller.simulator.world import World

_MEGABYTE = 1 << 20
_CHUNK = 1 << 16
_EFFECT = frozenset(
    {"lose-reply", "reset", "truncated", "slow", "drip", "garbled", "fat-headers", "duplicate"}
)
_JSON = (("content-type", "application/json"),)
_HTML = (
    "<!doctype html><html><head><title>Maintenance</title></head>"
    "<body><h1>We will be back soon</h1></body></html>"
)


def behave(world: World, visit: Visit) -> Script:
    """Let the call have its effect, or not, or later, or twice; return what is played on the wire."""
    twists = tuple(fault for fault in visit.struck if fault.kind in REWRITES)
    wire = next((fault for fault in visit.struck if fault.kind not in REWRITES | BIRTH | INSIDE), None)
    names = ",".join(fault.kind for fault in visit.struck)
    if wire is None:
        whole = rewritten(act(world, visit), twists, world)
        note(world, visit, whole, names)
        return plain(whole)
    reply = _effect(world, visit, wire, twists)
    script = _SHAPES[wire.kind](wire, reply or Reply(200, {"status": "success"}))
    sent = script.reply and replace(script.reply, effect=bool(reply and reply.effect))
    note(world, visit, sent or (Reply(0, effect=reply.effect) if reply else None), names)
    return script


def _effect(world: World, visit: Visit, wire: Fault, twists: tuple[Fault, ...]) -> Reply | None:
    if wire.kind == "late":
        world.later(visit.call.at + wire.number("seconds", 30), _later(world, visit))
        return None
    if wire.text("effect", "yes" if wire.kind in _EFFECT else "no") == "no":
        return None
    reply = rewritten(act(world, visit), twists, world)
    if wire.kind == "duplicate":
        note(world, visit, act(world, visit), "duplicate (the copy)")
    return reply


def _later(world: World, visit: Visit) -> Callable[[float], None]:
    def effect(at: float) -> None:
        then = replace(visit, call=replace(visit.call, at=at))
        note(world, then, replace(act(world, then), status=0), "late (the effect)")

    return effect


def _lost(fault: Fault, _: Reply) -> Script:
    return Script(None, wait=fault.number("seconds", 0), end=End.CLOSED)


def _late(fault: Fault, _: Reply) -> Script:
    wait, status = fault.number("wait", 0), int(fault.number("status", 0))
    if not status:
        return Script(None, wait=wait, end=End.CLOSED)
    return replace(plain(_gateway(status)), wait=wait)


def _broken(end: End) -> Callable[[Fault, Reply], Script]:
    def shape(_: Fault, reply: Reply) -> Script:
        body = reply.payload()
        if not body:
            return Script(None, end=end)
        return Script(reply, body=body[: len(body) // 2], length=len(body), end=end)

    return shape


def _slow(fault: Fault, reply: Reply) -> Script:
    return replace(plain(reply), wait=fault.number("seconds", 5))


def _drip(fault: Fault, reply: Reply) -> Script:
    return replace(plain(reply), chunk=1, gap=fault.number("interval", 1))


def _endless(fault: Fault, _: Reply) -> Script:
    repeat = max(int(fault.number("megabytes", 64) * _MEGABYTE / _CHUNK), 1)
    return Script(Reply(200, headers=_JSON), body=b" " * _CHUNK, repeat=repeat, end=End.CLOSED)


def _gzip_bomb(fault: Fault, _: Reply) -> Script:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * _MEGABYTE) for _ in range(max(int(fault.number("megabytes", 64)), 1))]
    body = b"".join([*parts, packer.flush()])
    headers = (*_JSON, ("content-encoding", "gzip"))
    return Script(Reply(200, headers=headers), body=body, length=len(body))


def _garbled(_: Fault, reply: Reply) -> Script:
    body = reply.payload().decode().encode("utf-16")
    return Script(reply, body=body, length=len(body))


def _fat_headers(fault: Fault, reply: Reply) -> Script:
    padding = ("x-padding", "A" * int(fault.number("kilobytes", 64) * 1024))
    return plain(replace(reply, headers=(*reply.headers, padding)))


def _redirect(fault: Fault, _: Reply) -> Script:
    where = fault.text("location", "http://elsewhere.example/")
    return plain(Reply(int(fault.number("status", 307)), "", (("location", where),)))


def _unchanged(_: Fault, reply: Reply) -> Script:
    return plain(reply)


def _html(_: Fault, __: Reply) -> Script:
    return plain(Reply(200, _HTML, (("content-type", "text/html; charset=utf-8"),)))


def _empty(_: Fault, __: Reply) -> Script:
    return plain(Reply(200, headers=_JSON))


def _error_200(fault: Fault, _: Reply) -> Script:
    return plain(failure(200, fault.text("message", "Something went wrong")))


def _status(fault: Fault, _: Reply) -> Script:
    status = int(fault.number("status", 500))
    message = fault.text("message", "Something went wrong")
    return plain(
        Reply(status, message) if fault.parameters.get("plain") is True else failure(status, message)
    )


def _internal(fault: Fault, _: Reply) -> Script:
    return plain(failure(500, fault.text("message", "Internal Server Error")))


def _gateway(status: int, *headers: tuple[str, str]) -> Reply:
    words = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    text = f"<html><body><h1>{status} {words.get(status, 'Error')}</h1></body></html>"
    return Reply(status, text, (("content-type", "text/html"), *headers))


def _gateway_shape(fault: Fault, _: Reply) -> Script:
    after = fault.text("retry_after", "")
    return plain(_gateway(int(fault.kind), *([("retry-after", after)] if after else [])))


def _too_many(fault: Fault, _: Reply) -> Script:
    after = fault.text("retry_after", "")
    headers = (("retry-after", after),) if after else ()
    body = {"status": "error", "message": "Too Many Requests"}
    plainly = fault.parameters.get("plain") is True
    return plain(Reply(429, "Too Many Requests" if plainly else body, headers))


def _refused(fault: Fault, _: Reply) -> Script:
    words = {"401": "Authentication Failed", "403": "Invalid Access Token"}
    return plain(failure(int(fault.kind), fault.text("message", words[fault.kind])))


_SHAPES: Mapping[str, Callable[[Fault, Reply], Script]] = {
    "lose-request": _lost,
    "lose-reply": _lost,
    "late": _late,
    "reset": _broken(End.RESET),
    "truncated": _broken(End.CLOSED),
    "slow": _slow,
    "drip": _drip,
    "endless": _endless,
    "gzip-bomb": _gzip_bomb,
    "garbled": _garbled,
    "fat-headers": _fat_headers,
    "redirect": _redirect,
    "duplicate": _unchanged,
    "html": _html,
    "empty": _empty,
    "error-200": _error_200,
    "status": _status,
    "500": _internal,
    "502": _gateway_shape,
    "503": _gateway_shape,
    "504": _gateway_shape,
    "429": _too_many,
    "401": _refused,
    "403": _refused,
}
