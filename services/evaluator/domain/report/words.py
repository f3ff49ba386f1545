"""The sentences of a report in Chinese and English, one entry each, filled in by ``say``."""

Words = dict[str, str]
LANGUAGES = ("zh-CN", "en")

CATALOGUE: dict[str, tuple[str, str]] = {
    # conclusions
    "good": (
        "模型效果良好：平均检出率 {rate}，精确率 {precision}，均达到 90%。可以进行离线测试。",
        "The model is good: average detection rate {rate}, precision {precision}, both 90 % or "
        "more. It is ready for offline tests.",
    ),
    "imprecise": (
        "模型检出率良好（{rate}），但精确率只有 {precision}：误识别偏多。",
        "The detection rate is good ({rate}) but precision is only {precision}: there are too many "
        "false detections.",
    ),
    "missing": (
        "模型精确率良好（{precision}），但平均检出率只有 {rate}：漏识别偏多。",
        "Precision is good ({precision}) but the average detection rate is only {rate}: too many "
        "targets are missed.",
    ),
    "poor": (
        "模型效果较差：平均检出率 {rate}，精确率 {precision}。请先优化线上指标，再做离线测试。",
        "The model is not good enough: average detection rate {rate}, precision {precision}. Get "
        "these figures right before testing offline.",
    ),
    "no_truth": (
        "评估数据中没有标注，无法得出检出率。",
        "The evaluated images carry no annotations, so no detection rate can be given.",
    ),
    "class_good": (
        "模型效果良好：准确率 {accuracy}，各标签 F1 平均值 {f1}。",
        "The model is good: accuracy {accuracy}, mean F1 over labels {f1}.",
    ),
    "class_poor": (
        "模型效果有待提高：准确率 {accuracy}，各标签 F1 平均值 {f1}。",
        "The model needs work: accuracy {accuracy}, mean F1 over labels {f1}.",
    ),
    "text_good": (
        "模型效果良好：文本行检出率 {rate}，精确率 {precision}，整行正确率 {exact}，"
        "均达到 90%。可以进行离线测试。",
        "The model is good: {rate} of the lines are found, precision {precision}, and {exact} are "
        "read without error, all 90 % or more. It is ready for offline tests.",
    ),
    "text_poor": (
        "模型效果有待提高：文本行检出率 {rate}，精确率 {precision}，整行正确率 {exact}。",
        "The model needs work: {rate} of the lines are found, precision {precision}, and {exact} "
        "are read without error.",
    ),
    "worst_labels": (
        "最需要改进的标签：{labels}。",
        "Labels that need work most: {labels}.",
    ),
    # notes
    "reference_only": (
        "数据集只有 {images} 张图片（少于 100 张），参与评估的只有 {evaluated} 张：结果仅供参考。",
        "The data set has only {images} images (under 100), {evaluated} of them evaluated: these "
        "figures are for reference only.",
    ),
    "not_pretrained": (
        "该版本没有使用预训练权重，是从零开始训练的：图片不多时，效果会明显更差。"
        "请安装预训练权重后重新训练，或联系平台管理员。",
        "This version was trained from nothing, without pretrained weights: with few images it is "
        "much worse than it could be. Have them installed and train again.",
    ),
    "case_aside": (
        "标注的文本中字母只有一种大小写，无法判断大小写是否识别正确：大写与小写视为相同。"
        "区分大小写时的指标见“读得多严格”。",
        "All letters of the annotated texts are of one case, so that case cannot be judged: "
        "capitals and small letters count as the same. “How strictly it is read” has the figures "
        "with case, too.",
    ),
    "gate": (
        "平均检出率偏低时离线测试效果也会差：请先把线上指标做好，再进行离线测试。",
        "With a low average detection rate offline tests will be poor too: get the online figures "
        "right first.",
    ),
    "caveat": (
        "检出率只代表已标注的图片；与之差异较大的测试图片，效果可能更差。",
        "The detection rate speaks only for the annotated images; test images that differ may do "
        "worse.",
    ),
    "batch_test": (
        "如需更全面地了解模型效果，请发布模型并批量测试。",
        "For a fuller view, deploy the model and test it on many images.",
    ),
    # the question
    "question": (
        "在您的业务场景中，更希望减少误识别（关注精确率），还是更希望减少漏识别（关注召回率）？",
        "In your process, what matters more: fewer false detections (precision), or fewer misses "
        "(recall)?",
    ),
    "answer_precision": (
        "减少误识别：将检测阈值设为 {threshold}，精确率 {precision}，召回率 {recall}。",
        "Fewer false detections: set the threshold to {threshold} for precision {precision} and "
        "recall {recall}.",
    ),
    "answer_balanced": (
        "两者兼顾：将检测阈值设为 {threshold}（F1 最高），精确率 {precision}，召回率 {recall}。",
        "Both alike: set the threshold to {threshold} (best F1) for precision {precision} and "
        "recall {recall}.",
    ),
    "answer_recall": (
        "减少漏识别：将检测阈值设为 {threshold}，精确率 {precision}，召回率 {recall}。",
        "Fewer misses: set the threshold to {threshold} for precision {precision} and recall "
        "{recall}.",
    ),
    # advice on one label
    "fine": (
        "“{label}”检出率与精度均良好，无需处理。",
        "“{label}” is found well and precisely: nothing to do.",
    ),
    "few_annotations": (
        "“{label}”只有 {count} 个标注：请至少再标注 {more} 个。",
        "“{label}” has only {count} annotations: annotate at least {more} more.",
    ),
    "small_share": (
        "“{label}”只占全部标注的 {share}：请补充含有该标签的图片，使各标签数量更均衡。",
        "“{label}” makes up only {share} of all annotations: add images with it, so that the "
        "labels are more even.",
    ),
    "check_annotation": (
        "“{label}”检出率只有 {rate}：请检查它的标注数量与标注方式"
        "（是否漏标、框是否贴合、标准是否一致），并补充漏识别样式的图片。",
        "Only {rate} of “{label}” is found: check how many are annotated and how (none left out, "
        "boxes tight, one standard), and add images like the missed ones.",
    ),
    "check_images": (
        "“{label}”的图片只有 {rate} 判断正确：请检查带有该标签的图片是否标对、标准是否一致，"
        "并补充类似判错的图片。",
        "Only {rate} of the images of “{label}” are named right: check whether the images that "
        "carry it should (one standard), and add images like the mistaken ones.",
    ),
    "confused": (
        "“{label}”有 {count} 次被识别为“{other}”：请统一两个标签的标注标准，或按外观重新划分标签。",
        "“{label}” is taken for “{other}” {count} times: settle one rule for the two labels, or "
        "split them by look.",
    ),
    "false_detections": (
        "“{label}”有 {count} 次误识别：请为容易混淆的物体单独建立标签，并在所有图片中标注出来。",
        "“{label}” has {count} false detections: give what is mistaken for it a label of its own "
        "and annotate it everywhere.",
    ),
    "wrong_images": (
        "有 {count} 张其他标签的图片被判为“{label}”：请检查它们的标签，并补充与之相似的图片。",
        "{count} images of other labels are taken for “{label}”: check their labels, and add "
        "images like them.",
    ),
    "raise_threshold": (
        "也可以将它的阈值提高到 {threshold}。",
        "Or raise its threshold to {threshold}.",
    ),
    "low_precision": (
        "“{label}”精度（AP）只有 {ap}：置信度排序不可靠，请检查错误示例并修正标注。",
        "The AP of “{label}” is only {ap}: look through its errors and correct the annotations.",
    ),
    "more_to_target": (
        "预计再标注约 {more} 个“{label}”可达到 {target}。",
        "About {more} more annotations of “{label}” should bring it to {target}.",
    ),
    "more_to_target_assumed": (
        "粗略估计再标注约 {more} 个“{label}”可达到 {target}"
        "（目前只有一个标注数量，按一般学习曲线推算）。",
        "About {more} more annotations of “{label}” may bring it to {target} (a rough guess from a "
        "usual learning curve: there is no version with another count yet).",
    ),
    "more_will_not_do": (
        "仅靠增加“{label}”的标注难以达到 {target}：请先检查标注质量与成像条件。",
        "More annotations of “{label}” alone will hardly reach {target}: check annotation quality "
        "and imaging first.",
    ),
    "no_sample": (
        "评估图片中没有“{label}”的标注：请补充含有该标签的图片。",
        "No evaluated image has an annotation of “{label}”: add images with it.",
    ),
    # traits
    "trait_miss": (
        "漏识别集中在{trait}：其中 {inside} 被漏掉，其余为 {outside}。请补充这类图片并标注。",
        "Misses gather where {trait}: {inside} of those are missed, {outside} elsewhere. Add and "
        "annotate such images.",
    ),
    "trait_false": (
        "误识别集中在{trait}：其中 {inside} 是误识别，其余为 {outside}。"
        "请把易混淆的物体标注为单独的标签。",
        "False detections gather where {trait}: {inside} of those are false, {outside} elsewhere. "
        "Annotate what is mistaken under a label of its own.",
    ),
    "trait_class": (
        "错误集中在{trait}：其中 {inside} 识别错误，其余为 {outside}。请补充这类图片。",
        "Errors gather where {trait}: {inside} of those are wrong, {outside} elsewhere. Add such "
        "images.",
    ),
}

TRAITS: dict[str, tuple[str, str]] = {
    "size:low": ("较小的目标", "targets are small"),
    "size:high": ("较大的目标", "targets are large"),
    "brightness:low": ("较暗的图片", "images are dark"),
    "brightness:high": ("较亮的图片", "images are bright"),
    "sharpness:low": ("较模糊的图片", "images are blurred"),
    "sharpness:high": ("较清晰的图片", "images are sharp"),
    "edge:low": ("靠近图片边缘的目标", "targets are near the image border"),
    "edge:high": ("靠近图片中央的目标", "targets are near the image centre"),
    "aspect:low": ("较方正的目标", "targets are compact"),
    "aspect:high": ("细长的目标", "targets are elongated"),
    "crowding:high": ("目标密集的图片", "images are crowded with targets"),
    "crowding:low": ("目标稀疏的图片", "images hold few targets"),
    "device": ("设备“{value}”拍摄的图片", "images come from the device “{value}”"),
    "near": ("靠近“{value}”的位置", "“{value}” is near"),
    "tile_edge": ("跨越切图边界的目标", "targets touch a tile edge"),
    "label": ("标签“{value}”", "the label is “{value}”"),
}


def say(key: str, **values: object) -> Words:
    """Fill one sentence in every language.

    >>> say("worst_labels", labels="pit")["en"]
    'Labels that need work most: pit.'
    """
    return _both(CATALOGUE[key], values)


def trait(key: str, **values: object) -> Words:
    """Name a trait in every language; ``values`` may be :data:`Words` to be filled by language."""
    return _both(TRAITS[key], values)


def join(parts: list[Words]) -> Words:
    """Put sentences one behind the other; none gives empty text."""
    glue = {"zh-CN": "", "en": " "}
    return {lang: glue[lang].join(part[lang] for part in parts) for lang in LANGUAGES}


def percent(value: float) -> str:
    """Write a rate as the manual does, with one decimal; ``–`` when undefined.

    >>> percent(0.95851)
    '95.9%'
    """
    return "–" if value != value else f"{value * 100:.1f}%"


def _both(texts: tuple[str, str], values: dict[str, object]) -> Words:
    def of(lang: str) -> dict[str, object]:
        return {k: v[lang] if isinstance(v, dict) else v for k, v in values.items()}

    return {lang: text.format(**of(lang)) for lang, text in zip(LANGUAGES, texts, strict=True)}
