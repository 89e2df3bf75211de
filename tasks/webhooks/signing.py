"""The signature of Standard Webhooks 1.0.0: HMAC-SHA256 over id, time and body.

The specification: spec/standard-webhooks.md of the GitHub project standard-webhooks.
A secret is written `whsec_` and base64; several, with spaces between, sign together, so
that receivers can change from the old one to the new one at their own time.
"""

import base64
import binascii
import hashlib
import hmac
import secrets as randomness

PREFIX = "whsec_"
LEAST_BYTES, MOST_BYTES = 24, 64  # the specification's bounds of a secret

Keys = tuple[bytes, ...]


def new_secret() -> str:
    """A secret that nobody can guess, 32 bytes."""
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


def parse_secrets(text: str) -> Keys:
    """Keys of one or more secrets.

    Raises:
        ValueError: says what a secret looks like and how to make one.
    """
    keys = tuple(_key(secret) for secret in text.split())
    if not keys:
        raise ValueError("There is no webhook secret. " + _HOW)
    return keys


def headers(keys: Keys, webhook_id: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of an attempt made `at` (Unix time, seconds)."""
    signed = f"{webhook_id}.{at}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join("v1," + base64.b64encode(d).decode() for d in digests),
    }


_HOW = (
    "LIPCHORD_WEBHOOK_SECRET must be whsec_ and the base64 of 24 to 64 random bytes (several: "
    "with spaces between); make one with: echo whsec_$(openssl rand -base64 32)"
)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(_HOW) from error
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(_HOW)
    return key
