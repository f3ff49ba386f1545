"""What the house does in one place: who else speaks the words of it says why, or is red."""

import ast
import re
from functools import partial

import pytest

from tests.architecture.test_laws import breaking

PLACES = {
    "bodies of several parts": (
        ("MultipartParser", "UploadFile"),
        {"shared/http/multipart.py": "the reader"},
    ),
    "bodies of requests": (
        ("request.stream(", "request.body(", "request.form(", "request.json("),
        {"shared/http/bodies.py": "the reader"},
    ),
    "children with kernel limits": (
        ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"),
        {"shared/guarded/child.py": "the child of the pool"},
    ),
    "processes": (
        ("ProcessPoolExecutor", "create_subprocess_exec", "Popen", "multiprocessing"),
        {
            "shared/guarded/pool.py": "the pool",
            "services/trainer/work/executor.py": "trainings, which live for hours",
            "services/inference/adapters/triton/server.py": "Triton",
            "services/standalone.py": "the platform's own processes",
            "services/cli/demo/platform.py": "the platform that the demo walks",
        },
    ),
    "pictures read by rows": (
        ("new_from_file", "new_from_buffer", "new_from_source"),
        {
            "shared/runtime/vips_images.py": "opens files, and what lies in memory",
        },
    ),
    "callers": (
        ("Caller(",),
        {
            "shared/http/tokens.py": "of a signed token",
            "services/workspace/handlers/keys.py": "of a key",
            "services/annotation/repository.py": "of who asked for an import, kept with its job",
        },
    ),
    "the decoding of pictures": (
        ("imdecode", "imread", "decode_jpeg", "Image.open("),
        {
            "shared/runtime/images.py": "the decoder",
            "shared/sdk/image_files.py": "has one library; held to the decoder by tests/unit/sdk",
            "services/gallery/process/decoder.py": "asks it for smaller pictures, for thumbnails",
            "services/gallery/domain/looks.py": "asks it for thumbnails that the gallery wrote",
            "services/evaluator/work/image_traits.py": "looks at light and focus, not at pixels",
            "services/annotation/domain/formats/labelme.py": "masks that stand in label files",
        },
    ),
    "names of content by its hash": (
        ("content_key",),
        {
            "shared/blobs/content.py": "put_by_hash",
            "services/gallery/handlers/intake.py": "its stream is hashed on the way to the disk",
            "services/annotation/handlers/kept_archives.py": "looks for room before it stores",
        },
    ),
    "what is known of images by their events": (
        ("on(ImageUploaded", "on(image_events.ImageUploaded"),
        {
            "shared/images/directory.py": "the read model",
            "services/annotation/subscriptions.py": "draws on tiles what their image shows",
            "services/tiling/subscriptions.py": "orders the cut",
        },
    ),
}
PLANTED = {
    "bodies of several parts": (
        "parser = multipart.MultipartParser(boundary)\n",
        "async def route(file: UploadFile): pass\n",
    ),
    "bodies of requests": (
        "async def f(request): data = await request.body()\n",
        "async def f(request):\n    async for part in request.stream(): pass\n",
        "async def f(self): return await self.request.form()\n",
    ),
    "children with kernel limits": ("resource.setrlimit(resource.RLIMIT_AS, (1, 1))\n",),
    "processes": (
        "with ProcessPoolExecutor(2) as pool: pass\n",
        "async def f(): await asyncio.create_subprocess_exec('x')\n",
        "pool = multiprocessing.Pool(2)\n",
    ),
    "pictures read by rows": (
        "image = pyvips.Image.new_from_file('x')\n",
        "image = pyvips.Image.new_from_buffer(data, '')\n",
    ),
    "callers": ("who = Caller(tenant, name, 'system')\n", "who = callers.Caller(a, b, 'admin')\n"),
    "the decoding of pictures": ("pixels = cv2.imdecode(data, 1)\n", "i = PIL.Image.open(path)\n"),
    "names of content by its hash": ("key = content_key(tenant, project_id, digest)\n",),
    "what is known of images by their events": (
        "lines = (on(ImageUploaded, self.uploaded),)\n",
        "lines = (on(image_events.ImageUploaded, self.uploaded),)\n",
    ),
}


def speaks(words: tuple[str, ...], source: str) -> bool:
    """Whether a module uses one of ``words``: as a name, an attribute, or the head of a call.

    The head of a call may stand behind the module, or the object, that has it.
    """
    if not any(all(part in source for part in re.findall(r"\w+", word)) for word in words):
        return False  # spares parsing what does not even hold the letters
    names = {word for word in words if "(" not in word}
    heads = [re.compile(rf"([\w.]+\.)?{re.escape(word)}") for word in words if "(" in word]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name | ast.Attribute):
            if (node.id if isinstance(node, ast.Name) else node.attr) in names:
                return True
        elif isinstance(node, ast.Call) and heads:
            called = ast.unparse(node)
            if any(head.match(called) for head in heads):
                return True
    return False


@pytest.mark.parametrize("what", PLACES)
def test_it_is_done_in_one_place(what: str) -> None:
    words, allowed = PLACES[what]
    assert breaking(partial(speaks, words)) == set(allowed)


@pytest.mark.parametrize("what", PLACES)
def test_a_second_place_is_seen(what: str) -> None:
    words, _ = PLACES[what]
    assert [line for line in PLANTED[what] if not speaks(words, line)] == []
    assert not speaks(words, "def content(): return on(ImageDeleted, f)\n")
