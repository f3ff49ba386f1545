/** A longest side in whole pixels. */
const px = (side: number): string => String(Math.round(side));

export const statistics = {
  title: "Statistics of the set",
  open: "Statistics",
  total: "Images",
  annotated: "Annotated",
  negatives: "Without any object",
  train: "Train",
  heldOut: "Held out",
  byLabel: "Objects by label",
  label: "Label",
  objects: "Objects",
  onImages: "On images",
  side: "Longest side, px",
  sideOf: ([low = 0, median = 0, high = 0]: readonly number[]) => `${px(median)} (${px(low)} – ${px(high)})`,
  sizesAndPlaces: "Sizes and positions",
  sizes: "Objects by longest side, px",
  between: (low: number | undefined, high: number | undefined) =>
    low === undefined ? `under ${high ?? 0}` : high === undefined ? `from ${low}` : `${low} to under ${high}`,
  places: "Where in the image the centres lie",
  placesAre: (most: number) => `Map of the centres; the fullest field has ${most}.`,
  nothing: "No object is annotated yet.",
};
