/** What is told of a finding. */
interface Finding {
  readonly label: string;
  readonly other_label: string;
  readonly figure: number;
}

const percent = (share: number): string => `${Math.round(share * 100)}%`;

export const check = {
  title: "检查标注",
  open: "检查标注",
  hint: "根据标注和图像外观找出可能的错误。每一条都是提问：正确的可以标记为“不是错误”，以后不再列出。",
  again: "重新检查",
  image: "图像",
  wholeProject: "整个项目",
  rule: "问题",
  reason: "原因",
  rules: {
    outside: "超出图像",
    contradicting: "标签矛盾",
    mislabelled: "标签可能有误",
    misread: "文字可能有误",
    missing: "漏标",
    loose: "轮廓不准",
    alike: "图像相同、标注不同",
    leaked: "相同图像分属两侧",
    twice: "重复标注",
    tiny: "过小",
    few: "标注过少",
  },
  reasons: {
    outside: ({ label, figure }: Finding) => `“${label}”只有 ${percent(figure)} 在图像内。`,
    contradicting: ({ label, other_label: other, figure }: Finding) => `同一位置（重合 ${percent(figure)}）同时标为“${label}”和“${other}”。`,
    mislabelled: ({ label, other_label: other, figure }: Finding) => `此处标为“${label}”；模型有 ${percent(figure)} 的把握认为是“${other}”。`,
    misread: ({ label, other_label: other, figure }: Finding) => `此处标为“${label}”；模型读作“${other}”（把握 ${percent(figure)}）。`,
    missing: ({ label, figure }: Finding) => `此处无人标注，模型有 ${percent(figure)} 的把握认为是“${label}”。请标注，或用忽略区域覆盖。`,
    loose: ({ label, figure }: Finding) => `“${label}”的轮廓与模型的轮廓只重合 ${percent(figure)}：过大、过小或偏移？编辑器中的框是模型的轮廓。`,
    alike: ({ label, other_label: other, figure }: Finding) =>
      `两张图像几乎相同（相似 ${percent(figure)}）：第一张标注“${label === "" ? "无" : label}”，第二张标注“${other === "" ? "无" : other}”。`,
    leaked: ({ figure }: Finding) =>
      `第一张用于评判模型，第二张用于训练，而两者几乎相同（相似 ${percent(figure)}）：报告会偏高。请删除第一张。`,
    twice: ({ label, figure }: Finding) => `“${label}”标注了两次（重合 ${percent(figure)}）。`,
    tiny: ({ label, figure }: Finding) => `“${label}”长边仅 ${figure} 像素，可能是误点。`,
    few: ({ label, figure }: Finding) => `“${label}”只有 ${figure} 个标注，建议至少 30 个。名称是否写错？`,
  },
  mend: "修改",
  annotateMore: "继续标注",
  noError: "不是错误",
  nothing: "尚无已标注的图像。",
  clean: (images: number) => `已检查 ${images} 张已标注图像，未发现问题。`,
  more: (shown: number, found: number) => `共 ${found} 条，列出 ${shown} 条。修改后请重新检查。`,
  dismissed: (count: number) => `已忽略 ${count} 条（不是错误）。`,
  showAgain: "重新显示",
  opinion: {
    title: "模型复核",
    hint: "模型重新查看已标注的图像。凡是它有把握而与标注不同的地方都列在下面：标签不同、漏标、轮廓不准。模型是从这些标注学来的，也会出错：每一条都是提问。",
    needsVersion: "项目有了已部署的版本之后，才能找出不准的轮廓、错误的标签和漏标：请先训练第一个版本。",
    ask: (version: string) => `请 ${version} 复核`,
    stop: "停止",
    looking: (version: string, done: number, images: number) => `${version} 正在查看已标注的图像：${done} / ${images}`,
    looked: (version: string, seen: number, images: number, at: string) => `${version} 于 ${at} 查看了 ${images} 张已标注图像中的 ${seen} 张。`,
    older: (version: string) => `现在部署的是 ${version}。`,
    failed: "模型未能复核",
    stopped: "复核已停止；此前复核的结果保留。",
  },
};
