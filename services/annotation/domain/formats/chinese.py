"""Whether text of no known encoding is Chinese in GB18030, or may as well be another language.

Nearly any run of bytes above 0xA0 is GB18030. What is Chinese is told by how usual its characters
are: most are of GB2312's first level (the 3755 in daily use), and where the bytes are sound text
in another encoding of this part of the world, too, they must be those of which names of classes
are made.
"""

import codecs
import contextlib
import re
from collections.abc import Callable

_NAMES = frozenset(
    "一二三四五六七八九十号型级类等其他它未知无有不多少大小长短粗细高低轻重好坏新旧上下左右前后内外"
    "顶底正反侧面中心部位边缘角表圆方形椭矩直曲线点片块条带环孔洞槽口缝隙红橙黄绿蓝紫黑白灰亮暗色"
    "划痕刮擦伤裂纹缺陷瑕疵凹坑陷凸起气泡毛刺飞溅料崩破损断开短路虚漏焊渣夹杂熔合咬锈蚀斑腐氧化差变"
    "发污渍脏油水质异物尘纤维褶皱脱落剥分层弯扭翘偏移错歪斜倾装件螺丝钉母栓垫圈轴承齿轮弹簧壳零元"
    "电容阻感芯引脚针盘铜箔残余砂眼麻压碰磕拉烫磨印刷字符模糊影标签码贴密封瓶盖身液泄堵塞常良品格"
    "次废背景目产工头结纱经纬织花染颜微严般人车手安全帽罩火烟玻璃金属塑木材钢板铝布皮革纸陶瓷砖池极"
    "耳隔膜涂露掉晶光伏组隐栅热缆绝子鸟巢叶铁轨胎混凝土管道药胶囊粒食水果苹种虫鱼肉细胞血结节肿瘤"
    "行汽牌机器设备动老鼠蚂蚁香蕉检测图像照片样本训练试验集合数据对比区域像素框注的是在和与为中文件夹"
)
_KOREAN = frozenset(
    "가각간갈감강개거건검것게격견결경계고곡골공과관광교구국군권귀규균그극근글긁금급기길김까깨나난"
    "날남내너네노녹농누눈눌는늘능니다단달담당대더데덴도독돌동되된두드득든들등디따때또뜸라락란람랑래"
    "랙량러런럼레려력련령로록론료루룩류륨르른를름리린림립링마막만말망매머먹먼멍면명모몰못무문물미민"
    "밀바박반받발방배백버번벌범법벨변별병보복본볼부분불브블비빈빛빠사산살상새색생서석선설성세센셀소"
    "속손송수순술스습승시식신실심십싱아악안않알암압앞애야약양어언얼업없었에여역연열염영예오온올와완"
    "외요용우운울움원월위유육율으은을음응의이인일임입있자작잔장재저적전절점접정제조족존종좋좌주준줄"
    "중즉즐증지직진질짐집찌찍차착찰참창찾채처천철청체초총최추축출충취층치칠침칩카캔커컬케코크큰키킹"
    "타탁탈태택터턴테토통투트특틈티팅파판패퍼편평포폭표품프플피핀필하학한할함합항해핵행향허험현형호"
    "혹홀화확환활황회획효후휨흐흑흔흠흡희힘"
)
_AMID_LETTERS = re.compile(r"[A-Za-z]([^\x00-\x7f])(?=[A-Za-z])")
_PLAIN = re.compile(rb"([\x00-\x7f])[\x00-\x7f]+([\x00-\x7f])")  # the first may end a sign
_SIGNS = re.compile(r"[\x00-\x7f·—‘’“”…、。〈-】〔〕！-～￥]")
_CYRILLIC_OR_GREEK = re.compile(r"[А-яЁёΆΈ-ώ]")
_KANJI = re.compile(r"[ぁ-ヶー々]")
_LETTERS = ("cp1251", "koi8-r", "iso8859-5", "cp1253")
_FITS = 0.9
_LOOKED_AT = 2**16  # bytes of it, plain runs left out
_LEAST = 2  # of one character nobody can tell a language


def is_chinese(data: bytes) -> bool:
    """Tell whether bytes that are no UTF-8 read as Chinese, and as nothing else.

    >>> is_chinese("划痕".encode("gbk")), is_chinese("царапина".encode("koi8-r"))
    (True, False)
    """
    if not _is_sound(data):
        return False
    data = _PLAIN.sub(rb"\1\n\2", data)
    text = _read(data, "gb18030")
    found = {sign for sign in set(text) if not _SIGNS.match(sign)}
    if len(found) < _LEAST:
        return False
    amid = set(_AMID_LETTERS.findall(text))  # two bytes of a Western word, say
    named = found & _NAMES - amid
    if _is_another(data):
        return 4 * len(named) >= 3 * len(found) and not _is_korean(data)
    daily = {sign for sign in found - amid if _row(sign, "gb2312") in range(0xB0, 0xD8)}
    return 2 * len(daily | named) > len(found)


def _is_sound(data: bytes) -> bool:
    with contextlib.suppress(UnicodeDecodeError):
        return bool(data.decode("gb18030"))
    return False


def _is_another(data: bytes) -> bool:
    """Whether bytes are text of a neighbour, too: nearly all signs are its usual letters."""
    return any(
        (
            *(_share(data, name, _is_letter) for name in _LETTERS),
            _share(data, "euc-kr", lambda sign: "가" <= sign <= "힣"),
            _share(data, "euc-jp", _is_usual_in_japan),
            _share(data, "big5", lambda sign: _row(sign, "big5") in range(0xA4, 0xC7)),
        )
    )


def _is_korean(data: bytes) -> bool:
    return _share(data, "euc-kr", _KOREAN.__contains__)


def _is_letter(sign: str) -> bool:
    return bool(_CYRILLIC_OR_GREEK.match(sign))


def _is_usual_in_japan(sign: str) -> bool:
    return bool(_KANJI.match(sign)) or _row(sign, "euc-jp") in range(0xB0, 0xD0)


def _share(data: bytes, encoding: str, is_usual: Callable[[str], bool]) -> bool:
    signs = [sign for sign in set(_read(data, encoding)) if not sign.isascii()]
    return bool(signs) and sum(map(is_usual, signs)) >= _FITS * len(signs)


def _read(data: bytes, encoding: str) -> str:
    """Return how the text begins, or nothing where it is none in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(data[:_LOOKED_AT], final=len(data) <= _LOOKED_AT)
    except UnicodeDecodeError:
        return ""


def _row(sign: str, encoding: str) -> int:
    """Return the first byte of a sign; 0 where the encoding has none of it."""
    return (sign.encode(encoding, "ignore") or b"\0")[0]
