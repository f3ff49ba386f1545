/** What is said of annotations: handed in, accepted, or returned with a reason. */
import { useMutation, useQueryClient, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { review, type Annotation, type ReviewWord } from "../../api/annotation";
import type { GalleryImage } from "../../api/gallery";
import { asProblem } from "../../api/problem";
import type { Action } from "../../editor/keys";
import type { Sheet, Workbook } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { problemTitle } from "../../ui/ProblemAlert";
import { useMay } from "../../ui/useMay";

export const WORD_OF: Readonly<Partial<Record<Action, ReviewWord>>> = { submit: "submitted", accept: "accepted", "send back": "returned" };

interface StripPage {
  readonly items: readonly GalleryImage[];
}

/** The platform has told an annotation: the page shows it, and the strip where it stands. */
export function noteAnnotation(queries: QueryClient, projectId: string, id: string, annotation: Annotation): void {
  const { annotated, review: stands } = annotation;
  queries.setQueryData(["annotation", projectId, id], annotation);
  const noted = (image: GalleryImage): GalleryImage => (image.id === id ? { ...image, review: annotated ? stands : null } : image);
  queries.setQueriesData<InfiniteData<StripPage>>({ queryKey: ["strip", projectId] }, (known) =>
    known && { ...known, pages: known.pages.map((page) => ({ ...page, items: page.items.map(noted) })) },
  );
}

/** The sheet once nothing of it waits any more; null where it cannot be saved as it is. */
export async function whenSaved(book: Workbook, imageId: string): Promise<Sheet | null> {
  book.save(imageId);
  return new Promise((resolve) => {
    let stop: () => void = () => undefined;
    const look = (): boolean => {
      const sheet = book.sheet(imageId);
      const is = sheet?.saving.is;
      if (is === "waiting" || is === "saving") return false;
      stop();
      resolve(is === "saved" ? sheet : null);
      return true;
    };
    if (!look()) stop = book.subscribe(look);
  });
}

export interface Reviewing {
  /** What the person's role may say, by the action that says it. */
  readonly may: ReadonlySet<Action>;
  readonly say: (word: ReviewWord, comment?: string) => void;
  readonly pending: boolean;
}

/** Say something of what is drawn on an image, once that is saved. */
export function useReviewing(projectId: string, imageId: string, book: Workbook): Reviewing {
  const words = useWords();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const draws = useMay("annotator");
  const decides = useMay("engineer");
  const saying = useMutation({
    mutationFn: async ({ word, comment }: { readonly word: ReviewWord; readonly comment: string }) => {
      const sheet = await whenSaved(book, imageId);
      return sheet === null ? null : review(projectId, imageId, sheet.base.version, { word, comment });
    },
    onSuccess: async (annotation) => {
      if (annotation === null) return void message.warning(words.annotate.saveFirst);
      noteAnnotation(queries, projectId, imageId, annotation);
      await queries.invalidateQueries({ queryKey: ["images", projectId] });
    },
    onError: async (error) => {
      void message.error(problemTitle(asProblem(error), words));
      await queries.invalidateQueries({ queryKey: ["annotation", projectId, imageId] });
    },
  });
  const may = new Set<Action>([...(draws ? (["submit"] as const) : []), ...(decides ? (["accept", "send back"] as const) : [])]);
  return { may, pending: saying.isPending, say: (word, comment = "") => saying.mutate({ word, comment }) };
}
