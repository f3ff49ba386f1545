/**
 * The drawings of a project's images while a person goes through them. Every change is kept in the browser at
 * once and saved a moment later; whoever turns the page waits for nothing, and whatever breaks (network,
 * session, browser) the work goes on from the draft. Somebody else's changes are merged in.
 */
import { Problem } from "../api/problem";
import { draftNames, dropDraft, keepDraft, readDraft } from "./drafts";
import { begun, redone, stepped, throughout, undone, type History } from "./history";
import { merge, stillOpen, type Conflict } from "./merge";
import { EMPTY, isDrawing, isSameDrawing, type Drawing } from "./shapes";

/** What the platform holds of an image. */
export interface Saved {
  readonly version: number;
  readonly drawing: Drawing;
  readonly author: string;
}

export interface Platform {
  readonly read: (imageId: string) => Promise<Saved>;
  /** What the platform would not have as it stands: it waits in the browser until the label is chosen. */
  readonly lacks?: (drawing: Drawing) => boolean;
  /** Save over that version; throws the Problem `version-conflict` where another one is stored. */
  readonly write: (imageId: string, drawing: Drawing, over: Saved) => Promise<Saved>;
  readonly drafts?: DraftStore;
}

/** Where work that cannot be saved is kept besides, for the same person in another browser. */
export interface DraftStore {
  readonly keep: (imageId: string, work: string) => Promise<unknown>;
  readonly drop: (imageId: string) => Promise<unknown>;
}

export type Saving =
  | { readonly is: "saved" | "waiting" | "saving" }
  /** No answer: tried again by itself. */
  | { readonly is: "retrying"; readonly error: unknown }
  /** The platform will not have it as it is: tried again with the next change. */
  | { readonly is: "refused"; readonly error: unknown }
  | { readonly is: "conflict" }
  /** The image has no label yet, and without one there is nothing to save. */
  | { readonly is: "unlabelled" };

/** One image under work. */
export interface Sheet {
  readonly history: History<Drawing>;
  readonly base: Saved;
  /** The drawing that the platform's version came from. */
  readonly sent: Drawing;
  readonly saving: Saving;
  readonly conflicts: readonly Conflict[];
  /** When the draft was last touched that this work goes on from; null where it began with what was saved. */
  readonly restoredAt: number | null;
  /** Whose changes came in while this was open; "" for nobody's. */
  readonly mergedFrom: string;
}

interface Kept {
  readonly base: Saved;
  readonly drawing: Drawing;
  /** What a person has still to decide; a reload decides nothing. */
  readonly conflicts: readonly Conflict[];
}

/** Somebody who draws is not disturbed by each of his strokes. */
export const QUIET_MS = 700;
/** What is not saved by then goes on the shelf: saving itself would be sooner. */
export const SHELVED_AFTER_MS = 3_000;
/** Older than whatever is stored. */
const UNKNOWN = -1;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

export class Workbook {
  readonly #platform: Platform;
  readonly #prefix: string;
  readonly #sheets = new Map<string, Sheet>();
  #shown: ReadonlyMap<string, Sheet> = new Map();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #busy = new Set<string>();
  readonly #shelving = new Map<string, ReturnType<typeof setTimeout>>();
  /** Images of which something may be on the shelf. */
  readonly #shelved = new Set<string>();
  /** What was last asked of the shelf for an image: one thing after the other. */
  readonly #asked = new Map<string, Promise<unknown>>();
  /** What was sent last without an answer: it may have come through all the same. */
  readonly #unanswered = new Map<string, Drawing>();
  readonly #failures = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  constructor(name: string, platform: Platform) {
    this.#prefix = `annotate.${name}.`;
    this.#platform = platform;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  sheet(imageId: string): Sheet | null {
    return this.#sheets.get(imageId) ?? null;
  }

  /** All images that are under work or were in this tab; another map after every change. */
  readonly snapshot = (): ReadonlyMap<string, Sheet> => this.#shown;

  /** Begin with what the platform holds; work that waits in the browser or on the screen goes on. */
  open(imageId: string, saved: Saved): void {
    const known = this.#sheets.get(imageId);
    if (known !== undefined) {
      // An answer that was asked for before the last save is older than what is known.
      if (known.base.version < saved.version && !this.#busy.has(imageId)) {
        this.#rebase(imageId, known, saved);
        this.save(imageId);
      }
      return;
    }
    const draft = readDraft(this.#prefix + imageId, isKept);
    if (draft !== null) this.#shelved.add(imageId); // by the visit that left it
    const start: Sheet = {
      history: begun(draft?.work.drawing ?? saved.drawing),
      base: draft?.work.base ?? saved,
      sent: draft === null ? saved.drawing : EMPTY,
      saving: this.#standing(draft?.work.drawing ?? saved.drawing, draft === null, draft?.work.conflicts ?? []),
      conflicts: draft?.work.conflicts ?? [],
      restoredAt: draft?.at ?? null,
      mergedFrom: "",
    };
    if (draft !== null && start.base.version !== saved.version) this.#rebase(imageId, start, saved);
    else this.#put(imageId, start);
    if (draft !== null) this.#later(imageId, 0);
  }

  /** Go on with work of another browser, over what is saved by now. */
  adopt(imageId: string, work: string): void {
    const known = this.#sheets.get(imageId);
    const kept = parsed(work);
    if (known === undefined || kept === null) return;
    const { base, drawing, conflicts } = kept;
    const history = begun(drawing);
    const start: Sheet = { history, base, sent: EMPTY, saving: this.#standing(drawing, false, conflicts), conflicts, restoredAt: null, mergedFrom: "" };
    this.#shelved.add(imageId);
    if (base.version === known.base.version) this.#put(imageId, start);
    else this.#rebase(imageId, start, known.base);
    this.#keep(imageId);
    this.#later(imageId, 0);
  }

  /** Go on with every draft of this project that an earlier visit could not save. */
  async resume(): Promise<void> {
    this.save();
    for (const name of draftNames(this.#prefix)) {
      const imageId = name.slice(this.#prefix.length);
      if (this.#sheets.has(imageId)) continue;
      try {
        this.open(imageId, await this.#platform.read(imageId));
      } catch (error) {
        // An image that is gone takes its draft along; anything else is tried at the next visit.
        if (error instanceof Problem && error.status === 404) dropDraft(name);
      }
    }
  }

  change(imageId: string, drawing: Drawing): void {
    this.#step(imageId, (history) => stepped(history, drawing));
  }

  undo(imageId: string): void {
    this.#step(imageId, undone);
  }

  redo(imageId: string): void {
    this.#step(imageId, redone);
  }

  /** A person has decided: the drawing is as it shall be, and this conflict is none any more. */
  settle(imageId: string, conflict: Conflict, drawing: Drawing): void {
    const sheet = this.#sheets.get(imageId);
    if (sheet === undefined) return;
    const conflicts = sheet.conflicts.filter(({ id }) => id !== conflict.id);
    const saving = this.#standing(drawing, false, conflicts);
    this.#put(imageId, { ...sheet, history: stepped(sheet.history, drawing), conflicts, saving });
    this.#keep(imageId);
    if (conflicts.length === 0) this.#later(imageId, 0);
  }

  /** A label was renamed or deleted everywhere: no step, and none to be taken back. */
  relabel(change: (drawing: Drawing) => Drawing): void {
    for (const [imageId, sheet] of this.#sheets) {
      const untouched = sheet.history.present === sheet.sent;
      const history = throughout(sheet.history, change);
      const base = { ...sheet.base, drawing: change(sheet.base.drawing) };
      this.#put(imageId, { ...sheet, history, base, sent: untouched ? history.present : sheet.sent });
      if (!untouched) this.#keep(imageId);
    }
  }

  /** The platform may hold more than is known here: it is read again before anything is saved over it. */
  doubt(): void {
    for (const [imageId, sheet] of this.#sheets) {
      this.#put(imageId, { ...sheet, base: { ...sheet.base, version: UNKNOWN } });
      if (sheet.history.present !== sheet.sent) this.#keep(imageId);
    }
  }

  /** Save now what waits, of this image or of all. */
  save(imageId?: string): void {
    const ids = imageId === undefined ? [...this.#sheets.keys()] : [imageId];
    for (const id of ids) if (this.#isOpen(id)) this.#later(id, 0);
  }

  #standing(drawing: Drawing, untouched: boolean, conflicts: readonly Conflict[]): Saving {
    if (conflicts.length > 0) return { is: "conflict" };
    if (untouched) return { is: "saved" };
    return { is: this.#lacks(drawing) ? "unlabelled" : "waiting" };
  }

  #lacks(drawing: Drawing): boolean {
    return this.#platform.lacks?.(drawing) ?? false;
  }

  #isOpen(imageId: string): boolean {
    const sheet = this.#sheets.get(imageId);
    return sheet !== undefined && sheet.history.present !== sheet.sent && sheet.conflicts.length === 0 && !this.#lacks(sheet.history.present);
  }

  #step(imageId: string, step: (history: History<Drawing>) => History<Drawing>): void {
    const sheet = this.#sheets.get(imageId);
    if (sheet === undefined) return;
    const history = step(sheet.history);
    if (history.present === sheet.history.present) return;
    // Taken back to what is saved: there is nothing to wait for, unless something else is on its way.
    const untouched = history.present === sheet.sent && !this.#busy.has(imageId);
    const saving = this.#standing(history.present, untouched, sheet.conflicts);
    this.#put(imageId, { ...sheet, history, saving, restoredAt: null });
    this.#failures.delete(imageId);
    if (saving.is === "saved") return this.#safe(imageId);
    this.#keep(imageId);
    if (sheet.conflicts.length === 0) this.#later(imageId, QUIET_MS);
  }

  #keep(imageId: string): void {
    const sheet = this.#sheets.get(imageId);
    if (sheet === undefined) return;
    const { base, history, conflicts } = sheet;
    const kept: Kept = { base, drawing: history.present, conflicts };
    keepDraft(this.#prefix + imageId, kept);
    clearTimeout(this.#shelving.get(imageId));
    this.#shelving.set(imageId, setTimeout(() => this.#shelve(imageId, kept), SHELVED_AFTER_MS));
  }

  /** Work that a person has to do something about before it is saved: nobody knows when that is, and where. */
  #shelve(imageId: string, kept: Kept): void {
    const is = this.#sheets.get(imageId)?.saving.is;
    if (is === undefined || is === "saved") return;
    // It may yet be refused.
    if (!STUCK.has(is)) return void this.#shelving.set(imageId, setTimeout(() => this.#shelve(imageId, kept), SHELVED_AFTER_MS));
    this.#shelved.add(imageId);
    // It is in the browser all the same, and goes on the shelf with the next change.
    this.#askShelf(imageId, (drafts) => drafts.keep(imageId, JSON.stringify(kept)));
  }

  /** Something that is put there slowly does not come behind what takes it away. */
  #askShelf(imageId: string, ask: (drafts: DraftStore) => Promise<unknown>): void {
    const { drafts } = this.#platform;
    if (drafts !== undefined) this.#asked.set(imageId, (this.#asked.get(imageId) ?? Promise.resolve()).then(() => ask(drafts)).catch(() => undefined));
  }

  #safe(imageId: string): void {
    clearTimeout(this.#timers.get(imageId));
    clearTimeout(this.#shelving.get(imageId));
    dropDraft(this.#prefix + imageId);
    if (this.#shelved.delete(imageId)) this.#askShelf(imageId, (drafts) => drafts.drop(imageId));
  }

  #put(imageId: string, sheet: Sheet): void {
    this.#sheets.set(imageId, sheet);
    this.#shown = new Map(this.#sheets);
    for (const listener of this.#listeners) listener();
  }

  #later(imageId: string, milliseconds: number): void {
    clearTimeout(this.#timers.get(imageId));
    this.#timers.set(
      imageId,
      setTimeout(() => void this.#send(imageId), milliseconds),
    );
  }

  async #send(imageId: string): Promise<void> {
    const sheet = this.#sheets.get(imageId);
    // What is on its way comes first; it looks again when it is there.
    if (sheet === undefined || this.#busy.has(imageId) || !this.#isOpen(imageId)) return;
    const drawing = sheet.history.present;
    this.#busy.add(imageId);
    this.#put(imageId, { ...sheet, saving: { is: "saving" } });
    try {
      this.#arrived(imageId, drawing, await this.#platform.write(imageId, drawing, sheet.base));
    } catch (error) {
      await this.#failed(imageId, error);
      if (!isAnswer(error)) this.#unanswered.set(imageId, drawing);
    } finally {
      this.#busy.delete(imageId);
    }
    const after = this.#sheets.get(imageId);
    if (after?.saving.is === "waiting") this.#later(imageId, QUIET_MS);
  }

  #arrived(imageId: string, sent: Drawing, base: Saved): void {
    const sheet = this.#sheets.get(imageId);
    if (sheet === undefined) return;
    const done = sheet.history.present === sent;
    this.#failures.delete(imageId);
    this.#unanswered.delete(imageId);
    this.#put(imageId, { ...sheet, base, sent, saving: this.#standing(sheet.history.present, done, []) });
    if (done) this.#safe(imageId);
    else this.#keep(imageId);
  }

  async #failed(imageId: string, error: unknown): Promise<void> {
    try {
      if (error instanceof Problem && error.code === "version-conflict") {
        const saved = await this.#platform.read(imageId);
        const now = this.#sheets.get(imageId);
        const lost = this.#unanswered.get(imageId);
        if (lost !== undefined && isSameDrawing(lost, saved.drawing)) this.#arrived(imageId, lost, saved);
        else if (now !== undefined) this.#rebase(imageId, now, saved);
        return;
      }
    } catch {
      // Not even reading works: the same as if saving had not.
    }
    const sheet = this.#sheets.get(imageId);
    if (sheet === undefined) return;
    const lasting = isLasting(error);
    this.#put(imageId, { ...sheet, saving: { is: lasting ? "refused" : "retrying", error } });
    if (lasting) return;
    const failures = this.#failures.get(imageId) ?? 0;
    this.#failures.set(imageId, failures + 1);
    this.#later(imageId, Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures));
  }

  /** The same work over what somebody else has saved; taking steps back does not take theirs away. */
  #rebase(imageId: string, sheet: Sheet, saved: Saved): void {
    const untouched = sheet.history.present === sheet.sent;
    const base = sheet.base.drawing;
    const found = merge(base, sheet.history.present, saved.drawing).conflicts;
    const fresh = new Set(found.map(({ id }) => id));
    const before = sheet.conflicts.filter(({ id }) => !fresh.has(id));
    const conflicts = [...found, ...stillOpen(before, sheet.history.present, saved.drawing)];
    const history = throughout(sheet.history, (step) => merge(base, step, saved.drawing).drawing);
    // Another version of the same drawing, or what comes in where the book itself had doubts, is nobody's work of now.
    const quiet = isSameDrawing(base, saved.drawing) || (sheet.base.version === UNKNOWN && conflicts.length === 0);
    this.#put(imageId, {
      ...sheet,
      history,
      base: saved,
      sent: untouched ? history.present : sheet.sent,
      conflicts,
      mergedFrom: quiet ? sheet.mergedFrom : saved.author,
      saving: this.#standing(history.present, untouched, conflicts),
    });
    if (!untouched) this.#keep(imageId);
  }
}

const STUCK: ReadonlySet<Saving["is"]> = new Set(["conflict", "unlabelled", "refused"]);

/** What work of another browser would make of an image; null where it says nothing new of it, or nothing that can be read. */
export function drawingOf(work: string, saved: Drawing): Drawing | null {
  const kept = parsed(work);
  return kept === null || isSameDrawing(kept.drawing, saved) ? null : kept.drawing;
}

function parsed(work: string): Kept | null {
  try {
    const value: unknown = JSON.parse(work);
    return isKept(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the platform itself has said that it did not store what was sent. */
function isAnswer(error: unknown): boolean {
  return error instanceof Problem && error.status >= 400 && error.status < 500;
}

/** Whether the same again would be refused again: neither too many requests nor a slow one is that. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof Problem) || error.code === "version-conflict") return false;
  return error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429;
}

function isKept(work: unknown): work is Kept {
  const { base, drawing, conflicts } = (work ?? {}) as Partial<Record<keyof Kept, unknown>>;
  const saved = (base ?? {}) as Partial<Record<keyof Saved, unknown>>;
  return isDrawing(drawing) && Array.isArray(conflicts) && typeof saved.version === "number" && isDrawing(saved.drawing);
}
