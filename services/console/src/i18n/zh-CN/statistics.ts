/** 长边，整像素。 */
const px = (side: number): string => String(Math.round(side));

export const statistics = {
  title: "数据集统计",
  open: "统计",
  total: "图像",
  annotated: "已标注",
  negatives: "无目标",
  train: "训练",
  heldOut: "评判",
  byLabel: "各标签的目标",
  label: "标签",
  objects: "目标",
  onImages: "所在图像",
  side: "长边（像素）",
  sideOf: ([low = 0, median = 0, high = 0]: readonly number[]) => `${px(median)}（${px(low)} – ${px(high)}）`,
  sizesAndPlaces: "大小与位置",
  sizes: "按长边（像素）统计的目标",
  between: (low: number | undefined, high: number | undefined) =>
    low === undefined ? `小于 ${high ?? 0}` : high === undefined ? `${low} 及以上` : `${low} 至 ${high} 以下`,
  places: "目标中心在图像中的位置",
  placesAre: (most: number) => `目标中心分布图；最密的格有 ${most} 个。`,
  nothing: "尚无已标注的目标。",
};
