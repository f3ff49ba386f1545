export const tiling = {
  advice: "Advice",
  advices: {
    keep: () => "Keep images whole",
    raise_resolution: () => "Raise the image resolution",
    tile: (rows: number, columns: number) => `Cut images into ${rows} × ${columns} tiles`,
  },
  back: "Back to the gallery",
  bands: { keep: "found well", tile: "cut into tiles" },
  caption: (size: string, tiles: number) =>
    tiles === 1 ? `${size} pixels, not cut.` : `${size} pixels, ${tiles} tiles.`,
  chosenAtCreation:
    "The grid is chosen when a project is made and holds for all its images: to use another one, make a new project with it. Images for offline tests must be cut in the same way.",
  fields: {
    targetWidth: "Width of the smallest target",
    targetHeight: "Height of the smallest target",
    imageWidth: "Image width",
    imageHeight: "Image height",
    rows: "Rows",
    columns: "Columns",
    overlap: "Overlap",
  },
  image: "Image (px)",
  imageHelp: "Left open, the largest image of the project counts.",
  noImage: "There is no image yet. Upload some, or type an image size.",
  noTarget: "Nothing is annotated yet. Type the size of the smallest target that must be found.",
  notAllowed: "Images cannot be cut like this",
  overlap: (pixels: number) =>
    `Tiles that overlap by ${pixels} px hold every annotated target whole in at least one of them.`,
  previewInForce: "How images are cut now",
  previewOf: (tiles: number) => `An image cut into ${tiles} tiles`,
  previewTried: "How this grid cuts an image",
  raiseTo: (megapixels: string) => `Ask for ${megapixels} megapixels as the size of the model's input.`,
  ratio: "Image area / area of the smallest target:",
  show: (rows: number, columns: number) => `Show ${rows} × ${columns}`,
  smallest: (area: number, side: number) =>
    `The smallest target has ${area} px², about ${Math.round(Math.sqrt(area))} × ${Math.round(Math.sqrt(area))}; the longest small one is ${side} px long.`,
  target: "Smallest target (px)",
  targetHelp: "Left open, the smallest annotated target of the project counts.",
  targetToScale: "the smallest target, to scale",
  tileRatio: (ratio: number) => `With this grid a tile has ${ratio} times the area of the smallest target; up to 1000 is good.`,
  tileSize: (size: string, least: number) => `Tiles of at most ${size} pixels; at least ${least} tiles are needed.`,
  title: "Tile advice",
  tooLong: "Some targets are longer than any useful overlap: a tile edge may cut them.",
  tryGrid: "Try a grid",
  why: {
    keep: "Up to a ratio of 1000 the smallest target is still found well once the image is brought to one megapixel.",
    raise_resolution:
      "From 1000 to 5000 a larger model input is enough. It is the simple way: choose a resolution on Train, in the recipe. Beyond 5000 it no longer helps.",
    tile: "Beyond 5000 the smallest target vanishes when the image is brought to the model's size. Tiles should be as square as possible, with a ratio under 1000 each.",
  },
};
