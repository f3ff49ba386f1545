"""The looks of pictures: near for what a person calls the same, far for what is another."""

import io
from itertools import combinations

import numpy as np
import pytest
from gallery_platform import Platform, jpeg, platform
from image_files import encoded, photo
from PIL import Image

from services.gallery.domain.looks import looks_of
from services.gallery.handlers.looks import Looks
from services.gallery.handlers.thumbnails import Thumbnails
from services.gallery.repository import IMAGES
from shared.contracts.envelope import unpack
from shared.contracts.image_events import ImageUploaded
from shared.documents.port import TenantScope
from shared.events.port import Consumer
from shared.hosting.stores import Stores
from tests.running import until

NEAR = 16
"""Bits that may differ: what the annotation service calls nearly the same."""


def differ(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def scene(seed: int) -> Image.Image:
    """A picture with coarse and fine detail, as a camera gives."""
    rng = np.random.default_rng(seed)
    coarse = np.asarray(photo(320, 240, seed), np.float64)
    fine = rng.normal(0, 25, (60, 80, 1)).repeat(4, 0).repeat(4, 1)
    return Image.fromarray(np.clip(coarse + fine, 0, 255).astype(np.uint8))


def thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((128, 128))
    return encoded(small, "JPEG", quality=88)


def again(image: Image.Image, how: str) -> Image.Image:
    """The same picture as another program or camera setting would save it."""
    pixels = np.asarray(image, np.float64)
    if how == "another quality":
        return Image.open(io.BytesIO(encoded(image, "JPEG", quality=60)))
    if how == "half the size":
        return image.resize((image.width // 2, image.height // 2))
    if how == "brighter":
        return Image.fromarray(np.clip(pixels * 1.05 + 4, 0, 255).astype(np.uint8))
    noise = np.random.default_rng(0).normal(0, 4, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("how", ["another quality", "half the size", "brighter", "noise"])
def test_a_picture_saved_anew_looks_nearly_the_same(how: str) -> None:
    for seed in range(10):
        image = scene(seed)
        one, other = looks_of(thumbnail(image)), looks_of(thumbnail(again(image, how)))
        assert (len(one), differ(one, other) <= NEAR) == (64, True), seed


def test_other_pictures_look_otherwise() -> None:
    looks = [looks_of(thumbnail(scene(seed))) for seed in range(20)]
    assert min(differ(one, other) for one, other in combinations(looks, 2)) > 3 * NEAR


def test_a_blank_picture_and_one_of_a_pixel_have_looks() -> None:
    blank = looks_of(encoded(Image.new("RGB", (128, 96), (90, 90, 90)), "JPEG"))
    assert blank == looks_of(encoded(Image.new("L", (1, 1), 90), "JPEG"))
    with pytest.raises(ValueError, match="JPEG"):
        looks_of(b"no picture")


class Announced:
    """What is announced of images: the looks that were told of each, in order."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._told: dict[str, list[str]] = {}

    async def of(self, image_id: str, count: int) -> list[str]:
        """Wait for that many announcements of an image, and return all that there are."""

        async def heard() -> bool:
            for each in await self._consumer.poll(limit=100, timeout_s=0.05):
                data = unpack(ImageUploaded, each.value).data
                self._told.setdefault(data.image_id, []).append(data.looks)
            return len(self._told.get(image_id, ())) >= count

        await until(heard)
        return self._told[image_id]


async def bare(p: Platform, image_id: str, **changes: object) -> None:
    """Leave an image as a release before looks stored it."""
    images = p.stores.documents.collection(IMAGES, TenantScope("default"))
    changes = {"looks": None, **changes}
    await images.change(image_id, lambda image: image.model_copy(update=changes))


async def test_images_of_earlier_releases_get_the_looks_that_new_ones_have(
    stores: Stores,
) -> None:
    async with platform(stores) as p:
        announced = Announced(await stores.events.consumer("ears", ["image"]))
        image_id = (await p.one("a.jpg", jpeg(1)))["id"]
        tile = (await p.one("b.jpg", jpeg(2)))["id"]
        lost = (await p.one("c.jpg", jpeg(3)))["id"]
        images = p.stores.documents.collection(IMAGES, TenantScope("default"))
        new = await images.get(image_id)
        await bare(p, image_id)
        await bare(p, tile, parent_id=image_id)
        missing = await images.get(lost)
        await bare(p, lost)
        for key in {missing.blob_key, missing.thumbnails_key or ""}:
            await stores.blobs.delete(key)
        looks = Looks(stores.documents, p.use(Thumbnails))
        await looks.fill()
        first = await images.get(image_id)
        await looks.fill()
        second = await images.get(image_id)
        others = [(await images.get(one)).looks for one in (tile, lost)]
        healed = await p.upload(("c.jpg", jpeg(3)))
        after = (await images.get(lost)).looks
        of_lost = await announced.of(lost, 2)
        of_new = await announced.of(image_id, 2)
    assert new.looks is not None
    assert first.looks == new.looks
    assert second.version == first.version  # nothing is announced twice
    assert others == [None, ""]
    assert (healed.status_code, of_lost) == (200, [after, after])
    assert of_new == [new.looks, new.looks]
