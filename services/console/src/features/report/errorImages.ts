/** Errors gathered by image, ready to draw: what the ticks hide, no image shows. */
import type { ErrorKind, ErrorRecord } from "../../api/evaluator";
import { boxCorners } from "../../ui/outline";
import type { Mark } from "../../ui/ImageStage";

export type Shown = Readonly<Record<ErrorKind, boolean>>;

/** Fixed by the manual: red is a false detection, orange a miss; a wrong label is both in one. */
export const KIND_COLOURS: Readonly<Record<ErrorKind, string>> = {
  false_detection: "#f03e3e",
  miss: "#ff922b",
  wrong_label: "#c026d3",
  found: "#12b76a",
};

export interface ErrorImage {
  readonly imageId: string;
  readonly records: readonly ErrorRecord[];
}

/** Images with a shown error, the one with the most errors first; what was found is no error. */
export function gather(records: readonly ErrorRecord[], shown: Shown): ErrorImage[] {
  const images = new Map<string, ErrorRecord[]>();
  for (const record of records) {
    if (!shown[record.kind]) continue;
    const held = images.get(record.image_id);
    if (held === undefined) images.set(record.image_id, [record]);
    else held.push(record);
  }
  return [...images]
    .map(([imageId, held]) => ({ imageId, records: held }))
    .filter((image) => countErrors(image) > 0)
    .sort((a, b) => countErrors(b) - countErrors(a));
}

function countErrors({ records }: ErrorImage): number {
  return records.filter(({ kind }) => kind !== "found").length;
}

export function countOf({ records }: ErrorImage, kind: ErrorKind): number {
  return records.filter((record) => record.kind === kind).length;
}

/** "scratch 0.80" for a finding, "scratch" for a miss, "pit → scratch 0.61" for a wrong label. */
export function caption({ kind, true_label: truth, predicted_label: said, score }: ErrorRecord): string {
  const name = kind === "wrong_label" ? `${truth ?? ""} → ${said ?? ""}` : (said ?? truth ?? "");
  return score === null || kind === "miss" ? name : `${name} ${score.toFixed(2)}`;
}

export function marksOf({ records }: ErrorImage): Mark[] {
  return records.flatMap((record, place): Mark[] => {
    const box = record.box ?? record.truth_box;
    if (box === null) return [];
    return [
      {
        id: String(place),
        outline: boxCorners(box),
        colour: KIND_COLOURS[record.kind],
        caption: caption(record),
        dashed: record.kind === "miss",
      },
    ];
  });
}
