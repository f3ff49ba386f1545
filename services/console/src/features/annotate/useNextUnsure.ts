import { useQuery } from "@tanstack/react-query";
import { App } from "antd";
import { listUnsure } from "../../api/inference";
import { asProblem } from "../../api/problem";
import { useWords } from "../../i18n/language";
import { problemTitle } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { nextAfter } from "./steps";

/** So long a list is gone through before it is asked for anew; tests and proposals go on meanwhile. */
const FRESH_MS = 60_000;

/** Opens the image that the serving version is least sure of, then the one after it; null where no image is known to be one. */
export function useNextUnsure(imageId: string, open: (id: string) => void, isOpen: (id: string) => boolean): (() => void) | null {
  const words = useWords();
  const project = useProject();
  const { message } = App.useApp();
  const unsure = useQuery({
    queryKey: ["unsure", project.id],
    queryFn: () => listUnsure(project.id),
    staleTime: FRESH_MS,
  });
  const next = (list: typeof unsure.data): string | null =>
    nextAfter(list?.items.map(({ image_id }) => image_id) ?? [], imageId, isOpen);
  const go = async (): Promise<void> => {
    const known = next(unsure.data);
    if (known !== null) return open(known);
    const { data, error } = await unsure.refetch();
    const id = next(data);
    if (error !== null) void message.error(problemTitle(asProblem(error), words));
    else if (id === null) void message.info(words.annotate.unsureDone);
    else open(id);
  };
  return (unsure.data?.items.length ?? 0) > 0 ? () => void go() : null;
}
