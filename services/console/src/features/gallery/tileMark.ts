import type { TileImage } from "../../api/gallery";
import { boxCorners } from "../../editor/geometry";
import type { Mark } from "../../editor/marks";

const TILE_COLOUR = "#22b8cf";

/** Where a tile was cut from its image, under its number. */
export function tileMark(tile: TileImage, place: number): Mark {
  const { offset_x: x, offset_y: y, width, height } = tile;
  return {
    id: tile.id,
    outline: boxCorners([x, y, x + width, y + height]),
    colour: TILE_COLOUR,
    caption: String(place + 1),
    dashed: true,
  };
}
