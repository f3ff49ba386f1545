import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import type { ShapeKind } from "../../api/annotation";
import { isAnnotated, type Drawing, type EditedShape } from "../../editor/shapes";
import type { Proposing } from "../../editor/useProposals";
import { useWords } from "../../i18n/language";
import { deploymentsQuery, servingOf } from "../projects/serving";
import { lowestThreshold } from "../projects/thresholds";
import { useProject } from "../projects/useProject";
import { proposalsQuery, type ProposalTerms } from "./proposals";

interface Asked {
  readonly imageId: string;
  /** Null while it is not here. */
  readonly drawing: Drawing | null;
  readonly kinds: readonly ShapeKind[];
  /** Names of the project's labels: of one that was deleted or renamed since nothing is proposed. */
  readonly labels: ReadonlySet<string>;
  readonly terms: ProposalTerms;
  readonly onTerms: (terms: ProposalTerms) => void;
}

const NONE: readonly EditedShape[] = [];

/** Proposals for the image under work, asked for by a person or by themselves. */
export function useProposing({ imageId, drawing, kinds, labels, terms, onTerms }: Asked): Proposing {
  const words = useWords();
  const project = useProject();
  const [asked, setAsked] = useState<boolean | null>(null);
  // How it was when it was opened: the first accepted proposal does not take the others away.
  const [bare, setBare] = useState<boolean | null>(null);
  if (bare === null && drawing !== null) setBare(!isAnnotated(drawing));
  const wanted = asked ?? (terms.byItself && bare === true);
  const deployments = useQuery({ ...deploymentsQuery(project.id), enabled: wanted });
  const version = deployments.data === undefined ? null : servingOf(deployments.data.items);
  const answer = useQuery({ ...proposalsQuery(project, imageId, version ?? ""), enabled: wanted && version !== null });
  const found = useMemo(
    () => answer.data?.filter(({ kind, label }) => kinds.some((known) => known === kind) && labels.has(label)) ?? NONE,
    [answer.data, kinds, labels],
  );

  const failed = [deployments, answer].find(({ isError, data, isFetching }) => isError && data === undefined && !isFetching);
  const is = (): Proposing["is"] => {
    if (!wanted) return "off";
    if (failed !== undefined) return "failed";
    if (deployments.data !== undefined && version === null) return "unserved";
    return answer.data === undefined ? "asking" : "here";
  };
  return {
    is: is(),
    error: failed?.error ?? null,
    version: version ?? "",
    found,
    threshold: terms.threshold,
    least: lowestThreshold(project.task),
    onThreshold: (threshold) => onTerms({ ...terms, threshold }),
    byItself: terms.byItself,
    onByItself: (byItself) => {
      // Whoever only changes what happens elsewhere goes on here as before.
      setAsked(wanted);
      onTerms({ ...terms, byItself });
    },
    onAsk: () => {
      setAsked(true);
      if (failed !== undefined) void failed.refetch();
    },
    onDrop: () => setAsked(false),
    wayOut: <Link to={`/projects/${project.id}/train`}>{words.report.goTrain}</Link>,
  };
}
