/** What the editor's workbook saves to, in a test. */
import { Problem } from "../api/problem";
import { EMPTY, type Drawing } from "../editor/shapes";
import type { Saved } from "../editor/workbook";

/** A platform with versions, as the annotation service keeps them. */
export class Shelf {
  readonly saved = new Map<string, Saved>();
  readonly written: Drawing[] = [];
  failure: unknown = null;

  readonly read = (imageId: string): Promise<Saved> =>
    Promise.resolve(this.saved.get(imageId) ?? { version: 0, drawing: EMPTY, author: "" });

  readonly write = async (imageId: string, drawing: Drawing, over: Saved): Promise<Saved> => {
    if (this.failure !== null) throw this.failure as Error;
    const now = await this.read(imageId);
    if (now.version !== over.version) throw new Problem({ code: "version-conflict", status: 412, title: "" });
    this.written.push(drawing);
    return this.store(imageId, drawing, "me");
  };

  store(imageId: string, drawing: Drawing, author: string): Saved {
    const saved = { version: (this.saved.get(imageId)?.version ?? 0) + 1, drawing, author };
    this.saved.set(imageId, saved);
    return saved;
  }
}

/** The platform with a place for drafts. */
export class Shelved extends Shelf {
  readonly kept = new Map<string, string>();
  readonly drafts = {
    keep: (imageId: string, work: string) => Promise.resolve(this.kept.set(imageId, work)),
    drop: (imageId: string) => Promise.resolve(this.kept.delete(imageId)),
  };
}
