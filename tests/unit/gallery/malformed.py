"""Seeded malformed uploads in ten classes (reliability F12)."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import cv2
import numpy as np
from image_files import (
    bmp,
    encoded,
    exif,
    jpeg_header,
    photo,
    png_chunk,
    png_header,
    png_with_chunk,
)
from PIL import Image

BOUNDARY = "loupe-test-boundary"


@dataclass
class Upload:
    """A request body with its content type; `copies` are sent at once.

    `tiled` goes to a project that cuts its images. `raw` is a whole HTTP request in pieces, sent
    over a socket of its own with a pause before each piece; `{place}` in it is the path.
    """

    body: bytes
    content_type: str = f"multipart/form-data; boundary={BOUNDARY}"
    copies: int = 1
    breaks_off: bool = False
    chunk_bytes: int = 1 << 16
    headers: dict[str, str] = field(default_factory=dict)
    tiled: bool = False
    refused: bool = False
    raw: tuple[bytes, ...] = ()
    pause_s: float = 0.0


def multipart(*files: tuple[bytes, bytes], kind: str = "image/jpeg") -> bytes:
    """A whole multipart body of raw `(name, data)` pairs."""
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n'
        b"Content-Type: %s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), name, kind.encode(), data)
        for name, data in files
    ]
    return b"".join(parts) + b"--%s--\r\n" % BOUNDARY.encode()


def one(name: str, data: bytes, **options: object) -> Upload:
    """An upload of one file."""
    return Upload(multipart((name.encode("utf-8", "surrogatepass"), data)), **options)


_PICTURES = [photo(64, 48, seed) for seed in range(4)]
WHOLE = [
    *(encoded(p, "JPEG", quality=80) for p in _PICTURES),
    *(encoded(p, "JPEG", progressive=True) for p in _PICTURES),
    *(encoded(p, "PNG") for p in _PICTURES),
    *(encoded(p.quantize(16), "PNG") for p in _PICTURES),
    *(encoded(p, "BMP") for p in _PICTURES),
    *(encoded(p.convert("1"), "BMP") for p in _PICTURES),
]


def truncated(rng: Random) -> Upload:
    data = rng.choice(WHOLE)
    last = rng.random() < 0.2  # often within the last bytes, which decoders need not read
    end = len(data) - rng.randrange(1, 13) if last else rng.randrange(len(data))
    return one("cut.jpg", data[:end], refused=True)


def flipped(rng: Random) -> Upload:
    data = bytearray(rng.choice(WHOLE))
    for _ in range(rng.choice((1, 3, 10, 60))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return one("flipped.png", bytes(data))


def mistaken(rng: Random) -> Upload:
    """Another content than name and type say, and files that are two things at once."""
    picture = rng.choice(WHOLE)
    tiff, gif, webp = io.BytesIO(), io.BytesIO(), io.BytesIO()
    _PICTURES[0].save(tiff, "TIFF")
    _PICTURES[0].save(gif, "GIF")
    _PICTURES[0].save(webp, "WEBP")
    data = rng.choice(
        [
            tiff.getvalue(),
            gif.getvalue(),
            webp.getvalue(),
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<!doctype html><script>alert(1)</script>",
            b"PK\x03\x04" + picture,
            b"GIF89a" + picture,
            b"\xff\xd8\xff<script>alert(1)</script>",
            b"\x89PNG\r\n\x1a\n<html>",
            b"BM<html><body>" + picture,
            picture + b"PK\x05\x06" + bytes(18),
            picture + b"<script>alert(1)</script>",
            b"%PDF-1.7",
            b"MZ\x90\0",
            b"#!/bin/sh\n",
            bytes(rng.randrange(2000)),
            rng.randbytes(rng.randrange(1, 3000)),
        ]
    )
    return one(rng.choice(("a.jpg", "a.png", "a.exe", "a.svg", "a")), data)


_SIDES = (0, 1, 29, 30, 9344, 9345, 65_535, 2**24, 2**31 - 1)


def lying(rng: Random) -> Upload:
    """Headers that claim what the file does not hold."""
    width, height = rng.choice(_SIDES), rng.choice(_SIDES)
    kind = rng.randrange(5)
    if kind == 0:
        colour, bits = rng.choice(((0, 1), (0, 16), (2, 8), (3, 8), (4, 8), (6, 16), (5, 9)))
        data = png_header(width, height, bits=bits, colour=colour, interlace=rng.randrange(2))
    elif kind == 1:
        data = jpeg_header(
            width % 65_536,
            height % 65_536,
            marker=rng.choice((0xC0, 0xC1, 0xC2, 0xC3, 0xC9)),
            components=rng.choice((0, 1, 2, 3, 4, 9)),
        )
    elif kind == 2:
        sign = rng.choice((1, -1))
        data = bmp(width, sign * height, bits=rng.choice((1, 8, 24)), pixels=False)
    elif kind == 3:  # palette overrun
        whole = bytearray(encoded(_PICTURES[0].convert("P"), "BMP"))
        struct.pack_into("<I", whole, 46, rng.choice((257, 2**20, 2**32 - 1)))
        data = bytes(whole)
    else:  # indices beyond a palette of one colour
        pixels = zlib.compress(b"".join(b"\0" + b"\x07" * 40 for _ in range(40)))
        header = struct.pack(">IIBBBBB", 40, 40, 8, 3, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"PLTE", b"abc")
        data += png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    return one("lie.png", data)


def _greedy() -> list[bytes]:
    """Legal files of a few kilobytes whose decoders want more memory than they are given."""
    flat = Image.new("RGB", (6000, 6000), (9, 99, 199))
    return [
        encoded(flat, "JPEG", progressive=True, subsampling=0),
        encoded(flat, "PNG", exif=exif(3)),
    ]


GREEDY = _greedy()


def bomb(rng: Random) -> Upload:
    """Little bytes that want much memory or time."""
    base = encoded(_PICTURES[0], "PNG")
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\0" * 4
    start = jpeg_header(200, 200, marker=0xC2)[:-2]
    builders: list[Callable[[], bytes]] = [
        lambda: encoded(Image.new("1", (9344, 700 * rng.randrange(3, 10))), "PNG"),
        lambda: png_header(9344, 7000, interlace=1),
        lambda: bmp(4000, 4000, bits=8, compression=1, pixels=False),
        lambda: start + scan * rng.choice((101, 1000, 10_000)),
        lambda: png_with_chunk(base, b"acTL", struct.pack(">II", 50, 0)),
        lambda: png_with_chunk(base, b"iCCP", b"p\0\0" + zlib.compress(bytes(20_000_000))),
        lambda: png_with_chunk(base, b"zTXt", b"k\0\0" + zlib.compress(bytes(20_000_000))),
        lambda: png_with_chunk(base, b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + bytes(60_000)),
        lambda: b"\xff\xd8" + b"\xff\xfe\x00\x02" * 30_000 + jpeg_header(60, 60)[2:],
        lambda: base[:33] + png_chunk(b"tEXt", b"") * 25_000 + base[33:],
        lambda: b"\xff\xd8" + b"\xff" * 100_000,
    ]
    if rng.random() < 0.04:  # each costs two decoders their place
        return one("bomb.png", rng.choice(GREEDY))
    return one("bomb.png", rng.choice(builders)())


def odd(rng: Random) -> Upload:
    """Variants of the formats that cameras and tools write now and then."""
    picture = photo(64, 48, rng.randrange(10**6))
    deep = (np.asarray(picture).astype(np.uint16) << 8) + 5
    mpo = io.BytesIO()
    picture.save(mpo, "MPO", save_all=True, append_images=[_PICTURES[1]])
    core = b"BM" + struct.pack("<IHHI", 26 + 48 * 64 * 3, 0, 0, 26)
    os2 = core + struct.pack("<IHHHH", 12, 64, 48, 1, 24) + bytes(48 * 64 * 3)
    kind = rng.choice(("JPEG", "PNG"))
    data = rng.choice(
        [
            mpo.getvalue(),
            encoded(picture.convert("CMYK"), "JPEG"),
            cv2.imencode(".png", deep)[1].tobytes(),
            cv2.imencode(".png", deep[:, :, 0])[1].tobytes(),
            jpeg_header(100, 100, bits=12),
            jpeg_header(100, 100, marker=0xC9),
            os2,
            os2[:-100],
            encoded(picture.convert("RGBA"), "PNG"),
            encoded(picture.convert("LA"), "PNG"),
            encoded(picture, kind, exif=exif(rng.randrange(0, 12))),
            encoded(picture, "JPEG", comment=b"x" * 60_000),
            encoded(picture, "JPEG", icc_profile=bytes(rng.randrange(100_000))),
        ]
    )
    return one("odd.jpg", data)


def edge(rng: Random) -> Upload:
    """At and beside the limits of section 3."""
    width, height = rng.choice(
        [(29, 30), (30, 30), (30, 29), (30, 180), (30, 181), (181, 30), (180, 30), (1, 1), (31, 31)]
    )
    if rng.random() < 0.4:
        width, height = rng.choice([(9344, 7000), (9345, 7000), (9344, 7001), (10_000, 30_000)])
        return one("edge.png", png_header(width, height), refused=True)
    if rng.random() < 0.4:
        return _tiled_edge(rng)
    kind = rng.choice(("JPEG", "PNG", "BMP"))
    return one("edge", encoded(photo(width, height, rng.randrange(10**6)), kind))


def _tiled_edge(rng: Random) -> Upload:
    """Sizes at the bounds of images that are cut, as stored and turned."""
    small = [(30, 60), (60, 30), (29, 60), (30, 59), (60, 59), (59, 30), (61, 31), (60, 360)]
    large = [(10_000, 30_000), (30_000, 10_000), (10_001, 30_000), (30_001, 10_000), (6001, 9999)]
    turn = rng.randrange(1, 9)
    if rng.random() < 0.3:
        width, height = rng.choice(large)
        data = jpeg_header(width, height, orientation=turn)
        return one("edge.jpg", data, tiled=True, refused=True)
    picture = photo(*rng.choice(small), rng.randrange(10**6))
    data = encoded(picture, rng.choice(("JPEG", "PNG")), exif=exif(turn))
    return one("edge.jpg", data, tiled=True)


def _http(body: bytes, length: bytes) -> bytes:
    start = b"POST {place} HTTP/1.1\r\nHost: loupe\r\nAuthorization: {token}\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=%s\r\n" % BOUNDARY.encode()
    return start + kind + length + b"\r\n" + body


def _chunked(body: bytes, size: bytes | None = None) -> bytes:
    return (size or b"%x" % len(body)) + b"\r\n" + body + b"\r\n0\r\n\r\n"


def on_the_wire(rng: Random) -> Upload:
    """Requests that no HTTP library sends."""
    whole = multipart((b"a.jpg", rng.choice(WHOLE)))
    cut = rng.randrange(1, len(whole))
    true = b"Content-Length: %d\r\n" % len(whole)
    chunked = b"Transfer-Encoding: chunked\r\n"
    request = _http(whole, true)
    place = request.index(b"\r\n\r\n") + 4
    requests: list[tuple[bytes, ...]] = [
        (_http(whole, b"Content-Length: %d\r\n" % (len(whole) + rng.randrange(1, 10**9))),),
        (_http(whole, b"Content-Length: %d\r\n" % cut),),
        (_http(whole, b"Content-Length: -1\r\n"),),
        (_http(whole, b"Content-Length: 1e3\r\n"),),
        (_http(whole, b""),),
        (_http(_chunked(whole), chunked),),
        (_http(_chunked(whole, b"zz"), chunked),),
        (_http(_chunked(whole, b"fffffffffffffffff"), chunked),),
        (_http(_chunked(whole)[:-7], chunked),),
        (_http(_chunked(whole), chunked + true),),
        (_http(whole, true + b"X-Long: " + b"a" * 1_000_000 + b"\r\n"),),
        (request[: place + cut],),
        (request[: rng.randrange(1, place)],),
        (request[:place], *(bytes([byte]) for byte in whole[:40])),
    ]
    chosen = rng.choice(requests)
    without_end = b"\r\n\r\n" not in chosen[0]  # nobody answers half a head: the client goes away
    pause_s = 0.1 if len(chosen) > 1 else 0.0
    return Upload(whole, raw=chosen, breaks_off=without_end, pause_s=pause_s)


def abused(rng: Random) -> Upload:
    """Multipart bodies that are none, too many, or end early."""
    data = rng.choice(WHOLE)
    whole = multipart((b"a.jpg", data))
    big = b"X-Long: " + b"a" * rng.choice((5_000, 1_000_000)) + b"\r\n"
    if rng.random() < 0.4:
        return on_the_wire(rng)
    many = b"".join(b"--%s\r\nX: y\r\n\r\n\r\n" % BOUNDARY.encode() for _ in range(10_000))
    return rng.choice(
        [
            Upload(whole, content_type="multipart/form-data"),
            Upload(whole, content_type="multipart/form-data; boundary="),
            Upload(whole, content_type="multipart/form-data; boundary=" + "b" * 500),
            Upload(whole, content_type="multipart/form-data; boundary=another"),
            Upload(whole, content_type="application/json"),
            Upload(whole, content_type=""),
            Upload(whole[: rng.randrange(len(whole))]),
            Upload(whole[: rng.randrange(len(whole))], breaks_off=True),
            Upload(whole, breaks_off=True),
            Upload(b""),
            Upload(multipart()),
            Upload(many + b"--%s--\r\n" % BOUNDARY.encode()),
            Upload(whole.replace(b"Content-Type", big + b"Content-Type", 1)),
            Upload(whole.replace(b"\r\n", b"\n")),
            Upload(whole, chunk_bytes=rng.choice((1, 7, 4096))),
            Upload(whole.replace(b' filename="a.jpg"', b"")),
            Upload(multipart(*((b"%d" % n, b"") for n in range(rng.randrange(1, 40))))),
            Upload(rng.randbytes(rng.randrange(1, 5000))),
        ]
    )


NAMES = [
    b"..", b".", b"", b"../../etc/passwd", b"..\\..\\boot.ini", b"/etc/passwd", b"a\0b.jpg",
    b"a\rb.jpg", b"a%0d%0ab.jpg", "a\u202egpj.exe".encode(), "a\u200bb.jpg".encode(),
    b"x" * 4096, b"x" * 129, b"x" * 128, b"\xff\xfe.jpg", b"\xed\xa0\x80.jpg", b"CON", b"NUL.jpg",
    b"%2e%2e%2f", b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>", "缺陷 图.jpg".encode(),
    "e\u0301.jpg".encode(), b"a;b.jpg", b"a\\\"b.jpg", b"   ", "\U000e0001.jpg".encode(),
]  # fmt: skip


def hostile_name(rng: Random) -> Upload:
    name = rng.choice(NAMES)
    data = encoded(photo(40, 40, rng.randrange(10**6)), "PNG")
    return Upload(multipart((name, data)))


def at_once(rng: Random) -> Upload:
    """The same file several times at the same moment, some breaking off after the last byte."""
    data = encoded(photo(40, 40, rng.randrange(10**6)), "PNG")
    copies = 50 if rng.random() < 0.05 else rng.randrange(2, 6)
    upload = one("same.png", data, copies=copies)
    upload.breaks_off = rng.random() < 0.2
    upload.headers = {"Idempotency-Key": "one"} if rng.random() < 0.5 else {}
    return upload


CLASSES: dict[str, Callable[[Random], Upload]] = {
    "1 truncation": truncated,
    "2 bit flips": flipped,
    "3 another content": mistaken,
    "4 lying headers": lying,
    "5 bombs": bomb,
    "6 odd variants": odd,
    "7 limit edges": edge,
    "8 multipart abuse": abused,
    "9 hostile names": hostile_name,
    "10 at once": at_once,
}
