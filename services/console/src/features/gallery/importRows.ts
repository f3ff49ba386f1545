/** The rows in which an import's report is shown. */
import type { ImportAction, ImportedFile, ImportReport } from "../../api/annotation";

/** What one author had on images that an import treats alike. */
export interface DrawnRow {
  readonly author: string;
  readonly byHand: boolean;
  readonly action: ImportAction;
  readonly images: number;
  readonly objects: number;
}

/** What stood on images before an import, by author and by what becomes of it; an image counts once. */
export function drawnBefore({ entries }: ImportReport): DrawnRow[] {
  const rows = new Map<string, DrawnRow>();
  const seen = new Set<string | null>();
  for (const { action, before, image_id: image } of entries) {
    if (!before || !action || action === "unchanged" || seen.has(image)) continue;
    seen.add(image);
    const { author, by_hand: byHand, shapes } = before;
    const key = `${action} ${String(byHand)} ${author}`;
    const { images, objects } = rows.get(key) ?? { images: 0, objects: 0 };
    rows.set(key, { author, byHand, action, images: images + 1, objects: objects + shapes });
  }
  return [...rows.values()];
}

/** A file that is not simply taken: refused, left aside, kept out, or with something to tell. */
function isNotable({ status, message, warnings }: ImportedFile): boolean {
  return !(status === "imported" || status === "readable") || message !== "" || warnings.length > 0;
}

/** The files that have something to tell, those that are wrong first. */
export function notable({ entries }: ImportReport): ImportedFile[] {
  const isWrong = ({ status }: ImportedFile): number => Number(status === "failed");
  return entries.filter(isNotable).sort((a, b) => isWrong(b) - isWrong(a));
}
