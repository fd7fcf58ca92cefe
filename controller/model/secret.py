"""Secret values: readable only by a call of `reveal`, and nowhere by accident."""

import hmac
from typing import NoReturn


class Secret:
    """Holds a credential, token or header value. Neither printing, formatting nor pickling reveals it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def fits_header(self) -> bool:
        """Return whether the value fits an HTTP header as it is: printable ASCII, and not empty."""
        return bool(self._value) and self._value.isascii() and self._value.isprintable()

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled")


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
