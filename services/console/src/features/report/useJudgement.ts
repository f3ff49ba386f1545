import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useEffect, useRef } from "react";
import { getJudgement, type Judgement } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";

const LOOK_AGAIN_MS = 1_500;
/** What a new report changes. */
const SHOWN = ["report", "errors", "comparison"];

export function judgementKey(projectId: string, version: string | undefined): readonly unknown[] {
  return ["judgement", projectId, version];
}

export function isUnderWay(judgement: Judgement | undefined): boolean {
  return judgement?.state === "queued" || judgement?.state === "running";
}

/** The judgement on a version, watched while it is under way; the page is asked for anew when it ends. */
export function useJudgement(version: string | undefined, isAwaited: boolean): Judgement | undefined {
  const project = useProject();
  const queries = useQueryClient();
  const words = useWords();
  const { message } = App.useApp();
  const { data: judgement } = useQuery({
    queryKey: judgementKey(project.id, version),
    queryFn: () => getJudgement(project.id, version ?? ""),
    refetchInterval: ({ state }) => (isAwaited || isUnderWay(state.data) ? LOOK_AGAIN_MS : false),
    enabled: version !== undefined,
  });
  const watched = useRef<string | undefined>(undefined);
  const underWay = isUnderWay(judgement);
  useEffect(() => {
    if (judgement === undefined) return;
    if (watched.current === judgement.version && !underWay) {
      for (const key of SHOWN) void queries.invalidateQueries({ queryKey: [key, project.id] });
      if (judgement.state === "completed" && judgement.revision > 1) void message.success(words.report.recomputed);
    }
    watched.current = underWay ? judgement.version : undefined;
  }, [judgement, underWay, queries, project.id, message, words]);
  return judgement;
}
