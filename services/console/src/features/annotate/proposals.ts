/** What the serving version proposes for images, and on what terms a person wants it. */
import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { propose, type Proposed } from "../../api/inference";
import type { Project } from "../../api/workspace";
import { fromShape, type EditedShape } from "../../editor/shapes";
import { deploymentsQuery, servingOf } from "../projects/serving";
import { lowestThreshold, startThreshold } from "../projects/thresholds";

/** Whose images they are, and what it looks for on them. */
type Of = Pick<Project, "id" | "task">;

export function proposalsQuery({ id, task }: Of, imageId: string, version: string) {
  return queryOptions({
    queryKey: ["proposals", id, imageId, version],
    queryFn: async () => proposed(await propose(id, imageId, version, lowestThreshold(task))),
    // Neither picture nor version ever change.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The findings of a prediction as shapes, the surest first; their ids are the same however often they are asked for. */
export function proposed({ id, version, shapes }: Pick<Proposed, "id" | "version" | "shapes">): readonly EditedShape[] {
  return shapes
    .map((shape, place) => ({ ...fromShape(shape, `${id}-${place}`), proposedBy: version }))
    .toSorted((a, b) => (b.score ?? 1) - (a.score ?? 1));
}

/** Have proposals at hand before anybody looks at the image. */
export async function prefetchProposals(queries: QueryClient, project: Of, imageId: string): Promise<void> {
  try {
    const version = servingOf((await queries.query(deploymentsQuery(project.id))).items);
    if (version !== null) await queries.query(proposalsQuery(project, imageId, version));
  } catch {
    // Whoever opens the image asks again, and is told what is wrong.
  }
}

export interface ProposalTerms {
  /** The least score that is shown. */
  readonly threshold: number;
  /** Images without annotations are proposed for without being asked. */
  readonly byItself: boolean;
}

const STORE = "loupe.proposals.";

/** A person's terms for a project's proposals; the browser remembers them. */
export function useProposalTerms({ id, task }: Of) {
  const [terms, setTerms] = useState(() => readTerms(id, task));
  const keep = (next: ProposalTerms): void => {
    setTerms(next);
    try {
      localStorage.setItem(STORE + id, JSON.stringify(next));
    } catch {
      // The browser's room is full: they hold until the page is left.
    }
  };
  return [terms, keep] as const;
}

function readTerms(id: string, task: Project["task"]): ProposalTerms {
  const { threshold, byItself } = parsed(localStorage.getItem(STORE + id));
  const known = typeof threshold === "number" && threshold >= lowestThreshold(task) && threshold <= 1;
  return { threshold: known ? threshold : startThreshold(task, null), byItself: byItself === true };
}

function parsed(stored: string | null): Partial<Record<keyof ProposalTerms, unknown>> {
  try {
    return (JSON.parse(stored ?? "{}") ?? {}) as Partial<Record<keyof ProposalTerms, unknown>>;
  } catch {
    return {};
  }
}
