"""Signatures are judged as the library judges them."""

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.sdk.ed25519 import is_signed

# RFC 8032, section 7.1, test 2
KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def library_says(message: bytes, signature: bytes, key: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_the_vector_of_the_standard_is_signed() -> None:
    assert is_signed(b"\x72", SIGNATURE, KEY)
    assert not is_signed(b"\x73", SIGNATURE, KEY)


@settings(max_examples=25)
@given(
    seed=st.binary(min_size=32, max_size=32),
    message=st.binary(max_size=200),
    place=st.integers(0, 511),
)
def test_every_signature_is_judged_as_by_the_library(seed, message, place) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert is_signed(message, signature, key)
    changed = bytearray(signature)
    changed[place // 8] ^= 1 << place % 8
    assert is_signed(message, bytes(changed), key) == library_says(message, bytes(changed), key)
    assert not is_signed(message + b"!", signature, key)


@pytest.mark.parametrize(
    ("signature", "key"), [(b"", KEY), (SIGNATURE, b""), (SIGNATURE, b"\xff" * 32)]
)
def test_what_is_no_signature_is_none(signature, key) -> None:
    assert not is_signed(b"\x72", signature, key)


def test_a_scalar_beyond_the_order_is_none() -> None:
    """Else each signature had a second form (RFC 8032, section 5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(SIGNATURE[32:], "little") + order
    assert not is_signed(b"\x72", SIGNATURE[:32] + scalar.to_bytes(32, "little"), KEY)
