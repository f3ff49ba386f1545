"""One key, one thing, whatever equal requests did meanwhile."""

import hashlib
from dataclasses import dataclass

import pytest
from pydantic import BaseModel

from shared.documents.port import CollectionSpec, Document, TenantScope
from shared.documents.receipts import Keyed, Receipts, receipts_spec
from shared.errors import LoupeError, NotFound, QuotaExceeded
from shared.hosting.stores import Stores


class Box(Document):
    """What is made."""


BOXES = CollectionSpec("things.boxes", Box)
ASKED = Keyed("t", "B1", "a box")


async def asked_once(stores: Stores, refusal: LoupeError, *, was_made: bool) -> Box:
    """Ask for a box that is refused, perhaps since an equal request has just made it."""
    await stores.open([BOXES, receipts_spec("things")])
    boxes = stores.documents.collection(BOXES, TenantScope("t"))

    async def make() -> Box:
        if was_made:
            await boxes.insert(Box(id="B1", tenant="t"))
        raise refusal

    return await Receipts(stores.documents, "things").make_once(ASKED, things=boxes, make=make)


@pytest.mark.parametrize("refusal", [QuotaExceeded("no room is left"), NotFound("no such file")])
async def test_what_an_equal_request_took_away_is_its_answer(
    stores: Stores, refusal: LoupeError
) -> None:
    """The one that was first took the last room, or used up what both were to be made of."""
    made = await asked_once(stores, refusal, was_made=True)
    assert made.id == "B1"


class Order(BaseModel):
    """What is asked for today; the next release gives it another field."""

    colour: str = "red"


class LaterOrder(Order):
    """The same a release later."""

    size: int = 3


@dataclass(frozen=True)
class Wanted:
    order: Order


@dataclass(frozen=True)
class LaterWanted:
    order: LaterOrder


def test_a_receipt_stays_of_its_request_when_a_field_with_a_default_comes() -> None:
    asked = Keyed("t", "B1", Wanted(Order(colour="blue"))).receipt()
    assert Keyed("t", "B1", LaterWanted(LaterOrder(colour="blue"))).is_of(asked)
    assert not Keyed("t", "B1", LaterWanted(LaterOrder(colour="red"))).is_of(asked)
    assert not Keyed("t", "B1", LaterWanted(LaterOrder(colour="blue", size=4))).is_of(asked)


def test_a_receipt_of_an_earlier_release_is_still_of_its_request() -> None:
    asked = Keyed("t", "B1", Wanted(Order()))
    whole = hashlib.sha256(b'{"order":{"colour":"red"}}').hexdigest()
    assert asked.is_of(asked.receipt().model_copy(update={"fingerprint": whole}))
    assert not asked.is_of(asked.receipt().model_copy(update={"fingerprint": "0"}))


async def test_a_refusal_of_its_own_is_told(stores: Stores) -> None:
    with pytest.raises(QuotaExceeded, match="no room"):
        await asked_once(stores, QuotaExceeded("no room is left"), was_made=False)
