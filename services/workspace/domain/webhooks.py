"""Webhooks: what they tell, where they may point, how a message is signed and tried again.

The form is that of Standard Webhooks 1.0.0 (github.com/standard-webhooks/standard-webhooks,
``spec/standard-webhooks.md``), which libraries of many languages verify.
"""

import base64
import hmac
import secrets
from typing import Literal

WebhookEvent = Literal[
    "report.completed", "model.deployed", "test_run.completed", "training.failed"
]
"""What a webhook may tell."""
TEST_EVENT = "webhook.test"
"""What an administrator has told to try one out."""

MAX_NAME = 64
MAX_URL = 1000
MOST_WEBHOOKS = 16
_PREFIX = "whsec_"
_SECRET_BYTES = 32
_PAUSES_S = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
"""Between two tries: seven more within some 18 hours."""
MOST_TRIES = 1 + len(_PAUSES_S)
LONGEST_PAUSE_S = _PAUSES_S[-1] * 1.2
_GONE = 410

Trouble = Literal[
    "unresolved", "not_allowed", "refused", "tls", "timeout", "broken", "cut_off", "off"
]
"""Why a try had no answer, as people are told it in words."""


def make_secret() -> str:
    """Return a fresh secret: ``whsec_`` and 32 bytes of chance in Base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, at_s: int, body: bytes) -> str:
    """Return the signature ``v1,`` and Base64 of HMAC-SHA256 over ``id.timestamp.body``.

    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = b".".join((message_id.encode(), str(at_s).encode(), body))
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def pause_s(tries: int, chance: float) -> float | None:
    """Return the seconds until the next try after so many; None when no more is made.

    ``chance`` in [0, 1) draws them apart by up to a fifth: what failed together comes back apart.

    >>> pause_s(1, 0.5), pause_s(2, 0.0), pause_s(8, 0.5)
    (5.0, 24.0, None)
    """
    if tries >= MOST_TRIES:
        return None
    return round(_PAUSES_S[tries - 1] * (0.8 + 0.4 * chance), 3)


def is_taken(status: int | None) -> bool:
    """Tell whether an answer says that a message was taken.

    >>> is_taken(204), is_taken(302), is_taken(None)
    (True, False, False)
    """
    return status is not None and 200 <= status < 300


def is_final(status: int | None) -> bool:
    """Tell whether an answer says that no message is wanted there ever again."""
    return status == _GONE
