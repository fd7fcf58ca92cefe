"""Sealing: a secret is encrypted with a key from another secret and from the store's own key.

Neither a copy of the store alone nor the other secret alone opens it. `cryptography` is used only here.
"""

import base64

from controller.model.secret import Secret

_LENGTH = 32


def seal(text: Secret, secret: Secret, key: bytes, context: str) -> str:
    """Return *text* encrypted. Only the same *secret*, *key* and *context* open it."""
    from cryptography.fernet import Fernet  # noqa: PLC0415  (loaded only if a token is kept)

    return Fernet(_key(secret, key, context)).encrypt(text.reveal().encode()).decode()


def unseal(sealed: str, secret: Secret, key: bytes, context: str) -> Secret | None:
    """Return what was sealed; None if it cannot be opened, because the secret or the store is another one."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415  (likewise)

    try:
        return Secret(Fernet(_key(secret, key, context)).decrypt(sealed.encode()).decode())
    except (InvalidToken, UnicodeError):
        return None


def _key(secret: Secret, key: bytes, context: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  (likewise)
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  (likewise)

    derivation = HKDF(SHA256(), _LENGTH, salt=key, info=f"universal token {context}".encode())
    return base64.urlsafe_b64encode(derivation.derive(secret.reveal().encode("utf-8", "surrogatepass")))
