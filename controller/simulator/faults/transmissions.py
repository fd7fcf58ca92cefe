"""Transmissions for each kind of fault, made from the route's answer."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from controller.simulator.faults.fault import Fault
from controller.simulator.wire import ConnectionEnd, Response, Transmission, failure, sent_whole

_MEGABYTE = 1 << 20
_CHUNK = 1 << 16
_JSON = (("content-type", "application/json"),)
_HTML = (
    "<!doctype html><html><head><title>Maintenance</title></head>"
    "<body><h1>We will be back soon</h1></body></html>"
)


def _lost(fault: Fault, _: Response) -> Transmission:
    return Transmission(None, wait=fault.number("seconds", 0), end=ConnectionEnd.CLOSED)


def _late(fault: Fault, _: Response) -> Transmission:
    wait, status = fault.number("wait", 0), int(fault.number("status", 0))
    if not status:
        return Transmission(None, wait=wait, end=ConnectionEnd.CLOSED)
    return replace(sent_whole(_gateway(status)), wait=wait)


def _broken(end: ConnectionEnd) -> Callable[[Fault, Response], Transmission]:
    def transmission(_: Fault, response: Response) -> Transmission:
        body = response.payload()
        if not body:
            return Transmission(None, end=end)
        return Transmission(response, body=body[: len(body) // 2], length=len(body), end=end)

    return transmission


def _slow(fault: Fault, response: Response) -> Transmission:
    return replace(sent_whole(response), wait=fault.number("seconds", 5))


def _drip(fault: Fault, response: Response) -> Transmission:
    return replace(sent_whole(response), chunk=1, gap=fault.number("interval", 1))


def _endless(fault: Fault, _: Response) -> Transmission:
    repeat = max(int(fault.number("megabytes", 64) * _MEGABYTE / _CHUNK), 1)
    return Transmission(
        Response(200, headers=_JSON), body=b" " * _CHUNK, repeat=repeat, end=ConnectionEnd.CLOSED
    )


def _gzip_bomb(fault: Fault, _: Response) -> Transmission:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * _MEGABYTE) for _ in range(max(int(fault.number("megabytes", 64)), 1))]
    body = b"".join([*parts, packer.flush()])
    headers = (*_JSON, ("content-encoding", "gzip"))
    return Transmission(Response(200, headers=headers), body=body, length=len(body))


def _garbled(_: Fault, response: Response) -> Transmission:
    body = response.payload().decode().encode("utf-16")
    return Transmission(response, body=body, length=len(body))


def _fat_headers(fault: Fault, response: Response) -> Transmission:
    padding = ("x-padding", "A" * int(fault.number("kilobytes", 64) * 1024))
    return sent_whole(replace(response, headers=(*response.headers, padding)))


def _redirect(fault: Fault, _: Response) -> Transmission:
    where = fault.text("location", "http://elsewhere.example/")
    return sent_whole(Response(int(fault.number("status", 307)), "", (("location", where),)))


def _unchanged(_: Fault, response: Response) -> Transmission:
    return sent_whole(response)


def _html(_: Fault, __: Response) -> Transmission:
    return sent_whole(Response(200, _HTML, (("content-type", "text/html; charset=utf-8"),)))


def _empty(_: Fault, __: Response) -> Transmission:
    return sent_whole(Response(200, headers=_JSON))


def _error_200(fault: Fault, _: Response) -> Transmission:
    return sent_whole(failure(200, fault.text("message", "Something went wrong")))


def _status(fault: Fault, _: Response) -> Transmission:
    status = int(fault.number("status", 500))
    message = fault.text("message", "Something went wrong")
    return sent_whole(
        Response(status, message) if fault.parameters.get("plain") is True else failure(status, message)
    )


def _internal(fault: Fault, _: Response) -> Transmission:
    return sent_whole(failure(500, fault.text("message", "Internal Server Error")))


def _gateway(status: int, *headers: tuple[str, str]) -> Response:
    words = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
    text = f"<html><body><h1>{status} {words.get(status, 'Error')}</h1></body></html>"
    return Response(status, text, (("content-type", "text/html"), *headers))


def _gateway_error(fault: Fault, _: Response) -> Transmission:
    after = fault.text("retry_after", "")
    return sent_whole(_gateway(int(fault.kind), *([("retry-after", after)] if after else [])))


def _too_many(fault: Fault, _: Response) -> Transmission:
    after = fault.text("retry_after", "")
    headers = (("retry-after", after),) if after else ()
    body = {"status": "error", "message": "Too Many Requests"}
    plainly = fault.parameters.get("plain") is True
    return sent_whole(Response(429, "Too Many Requests" if plainly else body, headers))


def _refused(fault: Fault, _: Response) -> Transmission:
    words = {"401": "Authentication Failed", "403": "Invalid Access Token"}
    return sent_whole(failure(int(fault.kind), fault.text("message", words[fault.kind])))


TRANSMISSIONS: Mapping[str, Callable[[Fault, Response], Transmission]] = {
    "lose-request": _lost,
    "lose-reply": _lost,
    "late": _late,
    "reset": _broken(ConnectionEnd.RESET),
    "truncated": _broken(ConnectionEnd.CLOSED),
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
    "502": _gateway_error,
    "503": _gateway_error,
    "504": _gateway_error,
    "429": _too_many,
    "401": _refused,
    "403": _refused,
}
