"""Every text of a refusal or a report in both languages: the catalogue holds what the code says."""

import ast
import importlib
import re
import string
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic_core import _pydantic_core

from shared.errors import FieldError, InvalidInput, NotFound, catalogue
from shared.http.app import create_app
from shared.http.face import Face
from shared.texts.language import language_of, speaking, texts, told
from tests.signing import fresh_tokens

ROOT = Path(__file__).parents[3]
TEXTS = texts()
NEVER_TOLD = {
    # What reads files of the command line, or guards what the platform itself stored.
    "BadSamples",
    "BadPredictions",
    "DamagedArrays",
    "Internal",
}
GLOSSARY = {
    "图像": ("图片", "照片"),
    "检出率": ("识别率", "检测率"),
    "检测阈值": ("检出阈值", "识别阈值"),
    "标签": ("类别",),
    "": ("误识别", "误报", "漏识别", "未检出", "漏报"),  # 误检, 漏检
}


def template_of(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
        return "".join(map(str, parts))
    return ""


def errors() -> frozenset[str]:
    for path in (*ROOT.glob("services/*/**/*.py"), *ROOT.glob("shared/**/*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if path.stem in {"errors", "refusals"} or "(InvalidInput)" in path.read_text():
            importlib.import_module(module.removesuffix(".__init__"))
    return frozenset(error.__name__ for error in catalogue()) | {
        "FieldError",
        "FormatError",
        "NoSuchImage",
        "HeaderError",
        "CannotFreeze",
        "NothingToTrain",
        "TooCostly",
        "Verdict",
        "leave_out",
    }


def said(path: Path, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The texts that a module makes errors and warnings of."""
    is_schema = "api" in path.parts or path.match("shared/contracts/shapes.py")
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in names - NEVER_TOLD or (name == "ValueError" and is_schema):
            place = {"FieldError": 1, "Verdict": 1, "HeaderError": 1}.get(name, 0)
            yield node.lineno, template_of(node.args[place] if len(node.args) > place else None)
        if name == "append" and "warning" in ast.unparse(node.func):
            yield node.lineno, template_of(node.args[0])


SOURCES = [
    path
    for path in (*ROOT.glob("services/*/**/*.py"), *ROOT.glob("shared/**/*.py"))
    if not {"console", "cli"} & set(path.parts)
]


def test_every_text_of_the_code_is_in_the_catalogue() -> None:
    names = errors()
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in SOURCES
        for line, text in said(path, names)
        if text and text not in TEXTS
    ]
    assert missing == []


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """The texts of a module that are sentences, whatever they are made into; docstrings are not."""
    tree = ast.parse(path.read_text())
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for part in n.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in bare | parts:
            text = template_of(node)
            if len(re.findall(r"[a-z]+(?= |$)", text)) >= 4:
                yield node.lineno, text


READERS = sorted((ROOT / "services/annotation/domain/formats").glob("*.py"))


def test_every_sentence_of_who_reads_labels_is_in_the_catalogue() -> None:
    missing = [
        f"{path.name}:{line}: {text}"
        for path in (*READERS, ROOT / "services/annotation/domain/task_shapes.py")
        for line, text in sentences(path)
        if text not in TEXTS
    ]
    assert missing == []


def test_every_title_is_in_the_catalogue() -> None:
    errors()
    shown = (e for e in catalogue() if e.__module__.split(".")[0] in {"shared", "services"})
    missing = {e.title for e in shown if e.__name__ not in NEVER_TOLD} - TEXTS.keys()
    assert missing == set()


UNUSED_KINDS = re.compile(
    "arguments|argument|dataclass|named_tuple|frozen|ordered_dict|counter|deque|sentinel|ellipsis"
    "|time_delta|subclass|callable|url|uuid|decimal|fraction|complex|recursion|needs_python"
    "|invalid_key|default_factory"
)
"""Of pydantic's: kinds that no schema of ours has."""


def test_every_message_of_pydantic_is_in_the_catalogue() -> None:
    kinds = [e for e in _pydantic_core.list_all_errors() if not UNUSED_KINDS.search(e["type"])]
    templates = {
        re.sub(r"{[^}]*}", "{}", error[key])
        for error in kinds
        for key in ("message_template_python", "message_template_json")
        if key in error
    }
    assert templates - TEXTS.keys() == set()


@pytest.mark.parametrize("english", TEXTS)
def test_both_languages_have_the_same_places(english: str) -> None:
    used = {int(field) for _, field, _, _ in string.Formatter().parse(TEXTS[english]) if field}
    plurals = {
        number
        for number, before in enumerate(english.split("{}")[:-1])
        if re.search("(item|character|byte)$", before) or english.startswith("{} should have")
    }
    places = english.count("{}") + english.count("{#}")
    if english.startswith("Input should be a valid dictionary"):
        return  # JSON has objects, not instances of our classes
    assert used | plurals == set(range(places)) or used == set(range(places))


@pytest.mark.parametrize("word", GLOSSARY)
def test_one_thing_has_one_word(word: str) -> None:
    assert any(word in text for text in TEXTS.values())
    for other in GLOSSARY[word]:
        assert [text for text in TEXTS.values() if other in text] == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("line 3 ('pit') has no area and was left out", "第 3 行（'pit'）没有面积，已略去"),
        ("shapes.0: the shape has no area", "shapes.0：该形状没有面积"),
        (
            "no image named 'a b.jpg' is known here: upload it first, "
            "or import again if it was uploaded a moment ago",
            "图库中没有名为 'a b.jpg'的图像：请先上传，若刚刚上传请重新导入",
        ),
        ("nobody ever said this", "nobody ever said this"),
    ],
)
def test_what_fills_a_text_is_told_in_it(text: str, wanted: str) -> None:
    assert told(text) == text
    with speaking("zh-CN"):
        assert told(text) == wanted


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-US,zh;q=0.5", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("de, *;q=0.5", "en"),
        ("zh;q=nonsense", "en"),
        ("", "en"),
        (", ;;=" * 9999, "en"),
    ],
)
def test_the_language_is_what_the_reader_asks_for(asked: str, wanted: str) -> None:
    assert language_of(asked) == wanted


router = APIRouter()


class Wish(BaseModel):
    count: int = Field(ge=1)
    name: str = Field(max_length=3)


@router.post("/wishes")
async def make(wish: Wish) -> None:
    raise InvalidInput("the shape has no area", errors=[FieldError("name", "is missing")])


@router.get("/wishes")
async def find() -> None:
    raise NotFound("no image 7")


async def test_problems_come_in_the_language_of_the_request() -> None:
    face = Face(name="wishes", summary="Wishes.", public=(router,))
    app = create_app(face, tokens=fresh_tokens(), checks={})
    place, chinese = "/api/wishes/wishes", {"Accept-Language": "zh-CN"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://loupe") as client:
        refused = await client.post(place, json={"count": 1, "name": "a"}, headers=chinese)
        wrong = await client.post(place, json={"count": 0, "name": "abcd"}, headers=chinese)
        unknown = await client.get(place, headers=chinese)
        english = await client.get(place)
    body = refused.json()
    assert (body["title"], body["detail"]) == ("请求不能被接受", "该形状没有面积")
    assert body["errors"] == [{"field": "name", "message": "缺失"}]
    assert wrong.json()["detail"] == "错误或缺失：count, name"
    assert [error["message"] for error in wrong.json()["errors"]] == [
        "应大于或等于 1",
        "最多可有 3 个字符",
    ]
    assert [unknown.json()["detail"], english.json()["detail"]] == ["没有图像 7", "no image 7"]
    assert [a.headers["Content-Language"] for a in (unknown, english)] == ["zh-CN", "en"]


def test_a_label_called_like_a_text_of_the_server_keeps_its_name() -> None:
    with speaking("zh-CN"):
        said = told("shape 1 (the shape has no area) has no area and was left out")
    assert said == "第 1 个形状（the shape has no area）没有面积，已略去"
