"""Pictures that annotators click on: their pixels, and what clicks may mean, kept for the next."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TypeVar

from services.inference.adapters.admission import Admission
from services.inference.adapters.pixels import check_data
from services.inference.domain.clicks.candidates import Candidate, candidates_at
from services.inference.domain.clicks.patches import Pixels
from services.inference.errors import NotAnImage
from shared.runtime.image_limits import MAX_WHOLE_PIXELS
from shared.runtime.images import ImageDamaged, decode_rgb

T = TypeVar("T")
Memory = Callable[[int], AbstractAsyncContextManager[None]]
_MOST_PICTURES = 8
_MOST_LOOKS = 16
_COPIES = 2  # of an image's pixels, while it is decoded


class ClickedPicture:
    """An image's pixels ``(H, W, 3)`` RGB, and the candidates of the last clicks on it."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._looks: OrderedDict[tuple[float, float], Sequence[Candidate]] = OrderedDict()

    @property
    def size_bytes(self) -> int:
        """What is kept of it: pixels, and a grid of bits for each candidate."""
        kept = (one.mask.nbytes for look in self._looks.values() for one in look)
        return self.pixels.nbytes + sum(kept)

    def look(self, x: float, y: float) -> Sequence[Candidate]:
        """Return what a click at a place may mean."""
        known = self._looks.get((x, y))
        if known is None:
            known = self._looks[x, y] = candidates_at(self.pixels, x, y)
        self._looks.move_to_end((x, y))
        while len(self._looks) > _MOST_LOOKS:
            self._looks.popitem(last=False)
        return known


class Pictures:
    """The last pictures clicked on, and the one thread that looks at them: it alone knows them."""

    def __init__(self, line: Admission, memory: Memory, *, size_bytes: int) -> None:
        """Bind the line of clicks, and who lends memory for decoding.

        Up to ``size_bytes`` of pictures and candidates are kept; a larger picture alone.
        """
        self._line = line
        self._memory = memory
        self._size_bytes = size_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="click")
        self._kept: OrderedDict[str, ClickedPicture] = OrderedDict()

    async def look(
        self,
        key: str,
        read: Callable[[], Awaitable[bytes]],
        work: Callable[[ClickedPicture], T],
        *,
        tenant: str,
    ) -> T:
        """Do ``work`` on the picture under ``key``, which is ``read`` where it is not kept.

        Raises:
            Busy: The line is full, or the tenant's half of it.
            NotFound: The gallery's file is gone.
            NotAnImage: It is damaged, or has too many pixels.
        """
        async with self._line.line(tenant=tenant):
            # Whoever holds it need not care whether it is dropped meanwhile.
            picture = self._kept.get(key)
            if picture is not None:
                return await self._run(partial(self._work, key, lambda: picture, work))
            data = await read()
            header = check_data(data)
            pixels = header.width * header.height
            if pixels > MAX_WHOLE_PIXELS:
                raise NotAnImage(
                    f"an image to click on has at most {MAX_WHOLE_PIXELS // 10**6} megapixels"
                )
            async with self._memory(3 * pixels * _COPIES):
                return await self._run(partial(self._work, key, partial(_decoded, data), work))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _work(
        self, key: str, picture: Callable[[], ClickedPicture], work: Callable[[ClickedPicture], T]
    ) -> T:
        kept = self._kept[key] = picture()
        self._kept.move_to_end(key)
        self._make_room()
        try:
            return work(kept)
        finally:
            self._make_room()

    def _make_room(self) -> None:
        while len(self._kept) > 1 and self._is_full():
            self._kept.popitem(last=False)

    def _is_full(self) -> bool:
        held = sum(one.size_bytes for one in self._kept.values())
        return held > self._size_bytes or len(self._kept) > _MOST_PICTURES


def _decoded(data: bytes) -> ClickedPicture:
    try:
        return ClickedPicture(decode_rgb(data))
    except ImageDamaged as error:
        raise NotAnImage(str(error)) from error
