"""What the house does in one place: who else speaks the words of it says why, or is red."""

import ast
from functools import partial

import pytest

from tests.architecture.test_laws import breaking

PLACES = {
    "bodies of several parts": (
        ("MultipartParser",),
        {"shared/http/multipart.py": "the reader"},
    ),
    "children with kernel limits": (
        ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"),
        {"shared/guarded/child.py": "the child of the pool"},
    ),
    "the decoding of pictures": (
        ("imdecode", "imread", "decode_jpeg"),
        {
            "shared/runtime/images.py": "the decoder",
            "services/gallery/process/decoding.py": "asks it for smaller pictures, for thumbnails",
            "services/evaluator/work/image_traits.py": "looks at light and focus, not at pixels",
        },
    ),
    "names of content by its hash": (
        ("content_key",),
        {
            "shared/blobs/content.py": "put_by_hash",
            "services/gallery/handlers/intake.py": "its stream is hashed on the way to the disk",
        },
    ),
    "what is known of images by their events": (
        ("on(ImageUploaded",),
        {
            "shared/images/directory.py": "the read model",
            "services/annotation/subscriptions.py": "draws on tiles what their image shows",
            "services/tiling/subscriptions.py": "orders the cut",
        },
    ),
}
PLANTED = {
    "bodies of several parts": "parser = multipart.MultipartParser(boundary)\n",
    "children with kernel limits": "resource.setrlimit(resource.RLIMIT_AS, (1, 1))\n",
    "the decoding of pictures": "pixels = cv2.imdecode(data, 1)\n",
    "names of content by its hash": "key = content_key(tenant, project_id, digest)\n",
    "what is known of images by their events": "lines = (on(ImageUploaded, self.uploaded),)\n",
}


def speaks(words: tuple[str, ...], source: str) -> bool:
    """Whether a module uses one of ``words``: as a name, an attribute, or the head of a call."""
    if not any(word in source for word in words):
        return False
    return any(
        ast.unparse(node).rsplit(".", 1)[-1] in words
        if isinstance(node, ast.Name | ast.Attribute)
        else isinstance(node, ast.Call) and ast.unparse(node).startswith(words)
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize("what", PLACES)
def test_it_is_done_in_one_place(what: str) -> None:
    words, allowed = PLACES[what]
    assert breaking(partial(speaks, words)) == set(allowed)


@pytest.mark.parametrize("what", PLACES)
def test_a_second_place_is_seen(what: str) -> None:
    words, _ = PLACES[what]
    assert speaks(words, PLANTED[what])
    assert not speaks(words, "def content(): return on(ImageDeleted, f)\n")
