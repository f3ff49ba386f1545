"""Text of which nobody said in what it is written: Chinese is read, a neighbour's never is."""

import io
import itertools
import zipfile
from typing import Any

import pytest

from services.annotation.domain.formats.archive import LabelArchive
from services.annotation.domain.formats.archive_reader import ArchiveReader
from services.annotation.domain.formats.encodings import GUESSED
from services.annotation.domain.formats.model import KnownImage, KnownImages
from tests.unit.annotation.test_foreign_datasets import IMAGE, opened
from tests.unit.annotation.test_label_archives import VOC


def _words(text: str) -> list[str]:
    return text.split()


KOREAN = _words(
    """
    스크래치 찍힘 이물 얼룩 긁힘 불량 정상 양품 크랙 기포 오염 결함 녹 파손 휨 균열 흠집
    변색 버 누락 깨짐 합격 눌림 단선 배경 사람 자동차 부식 구멍 용접 기스 어긋남 들뜸
    나사 볼트 너트
    """
)
RUSSIAN = _words(
    """
    царапина трещина скол вмятина дефект брак пятно ржавчина норма Дефект ДЕФЕКТ Брак БРАК
    Скол СКОЛ заусенец пора поры раковина коррозия фон годен вид шов край риска сор
    """
)
GREEK = _words("γρατσουνιά ρωγμή ελάττωμα σκουριά κηλίδα καλό Ρωγμή ΡΩΓΜΗ ΚΑΛΟ φόντο τρύπα")
JAPANESE = _words(
    """
    傷 キズ きず 汚れ 欠け 打痕 異物 良品 不良 気泡 割れ バリ 変形 錆 正常 背景 クラック
    剥がれ 欠陥 不良品 黒点 白点 線傷 ピンホール 人 車 凹み 擦り傷
    """
)
CHINESE = _words(
    """
    划痕 裂纹 瑕疵 凹坑 气泡 毛刺 缺口 破损 断裂 虚焊 漏焊 锈蚀 氧化 色差 黑点 污点 脏污
    斑点 异物 褶皱 脱落 变形 偏移 错位 螺丝 缺件 针孔 压痕 碰伤 划伤 磨损 正常 良品 不良
    合格 背景 不合格 焊缝 飞边 崩边 隐裂 漏油 轴承 电容 夹杂 气孔 擦伤 凸起 裂缝 缺陷 安全帽
    开裂 麻点 杂质 缺料 短路 断线 标签 二维码
    """
)
NEIGHBOURS = [
    *(("euc-kr", KOREAN), ("euc-jp", JAPANESE), ("cp1253", GREEK)),
    *((name, RUSSIAN) for name in ("cp1251", "koi8-r", "iso8859-5")),
]
ROW = "{} .5 .5 .2 .2"


def files(names: tuple[str, ...], encoding: str) -> dict[str, Any]:
    return {"classes.txt": "\r\n".join(names).encode(encoding), "a.txt": ROW.format(0)}


@pytest.mark.parametrize(("encoding", "words"), NEIGHBOURS)
def test_a_neighbours_text_is_refused_and_makes_no_labels(encoding: str, words: list[str]) -> None:
    singles = [(word,) for word in words]
    for names in itertools.chain(singles, itertools.pairwise(words), [tuple(words)]):
        entries, _ = opened(files(names, encoding))
        assert "not UTF-8 text" in entries[0].error, names
        assert "save it as UTF-8" in entries[0].error
        assert not [entry for entry in entries if entry.labels], names


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_names_of_classes_as_factories_have_them_are_read(encoding: str) -> None:
    singles = [(word,) for word in CHINESE]
    for names in itertools.chain(singles, itertools.pairwise(CHINESE), [tuple(CHINESE)]):
        told, read = opened(files(names, encoding))[0]
        assert told.notice == GUESSED, names
        assert read.labels is not None
        assert read.labels.shapes[0].label == names[0]


@pytest.mark.parametrize(("encoding", "words"), NEIGHBOURS)
def test_a_neighbours_labels_in_files_are_refused_too(encoding: str, words: list[str]) -> None:
    word = words[1]
    xml = VOC.replace("pit", word).encode(encoding)
    row = f"1 1 9 1 9 5 1 5 {word} 0\n".encode(encoding)
    shape = {"label": word, "shape_type": "rectangle", "points": [[1, 1], [9, 9]]}
    text = str({"shapes": [shape]}).replace("'", '"').encode(encoding)
    for file in ({"a.xml": xml}, {"a.txt": row}, {"a.json": text}):
        (entry,), _ = opened(file)
        assert "save it as UTF-8" in entry.error
        assert entry.labels is None


def test_a_single_sign_tells_no_language() -> None:
    entries, _ = opened({"a.xml": VOC.replace("pit", "坑").encode("gbk")})
    assert "save it as UTF-8" in entries[0].error


def test_a_long_text_in_chinese_needs_no_names_of_classes() -> None:
    words = "这批产品由第三车间生产，请质检员逐一核对后再上传。"
    shape = {"label": "坑", "shape_type": "rectangle", "points": [[1, 1], [9, 9]]}
    text = str({"flags": {words: False}, "shapes": [shape]}).replace("'", '"')
    (entry,), _ = opened({"a.json": text.replace("False", "false").encode("gbk")})
    assert entry.labels is not None
    assert (entry.image, entry.labels.shapes[0].label) == (IMAGE, "坑")


DECLARED = [
    *(("big5", "刮傷"), ("Shift_JIS", "表面傷"), ("windows-31j", "傷①"), ("EUC-KR", "흠집")),
    *(("gb2312", "划痕"), ("ISO-8859-1", "Größe"), ("windows-1251", "скол")),
]


@pytest.mark.parametrize(("declared", "word"), DECLARED)
def test_xml_is_read_as_it_declares_or_as_the_utf_8_that_it_is(declared: str, word: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>{VOC.replace("pit", word)}'
    own = "cp932" if declared == "windows-31j" else declared
    for encoding in (own, "utf-8", "utf-8-sig"):
        (entry,), _ = opened({"a.xml": text.encode(encoding)})
        assert entry.labels is not None, entry.error
        assert entry.labels.shapes[0].label == word


@pytest.mark.parametrize(
    ("encoding", "name"), [("gbk", "划痕"), ("big5", "表面"), ("cp932", "表面"), ("cp949", "표면")]
)
def test_a_files_name_in_a_systems_encoding_finds_its_image(encoding: str, name: str) -> None:
    target, raw = io.BytesIO(), f"{name}.txt".encode(encoding)
    with zipfile.ZipFile(target, "w") as packing:
        packing.writestr("x" * len(raw), ROW.format(0))
        packing.writestr("classes.txt", "pit")
    data = target.getvalue().replace(b"x" * len(raw), raw)
    known = KnownImages([KnownImage("i", f"{name}.jpg", 90, 90)])
    archive = LabelArchive(io.BytesIO(data), is_known=lambda file: known.has_stem(file[:-4]))
    (entry,) = ArchiveReader(archive, known).entries()
    assert entry.image is not None, entry.error
    assert entry.image.name == f"{name}.jpg"
