import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Progress, Space, Typography } from "antd";
import { useEffect, type ReactNode } from "react";
import type { LabelCheck } from "../../api/annotation";
import * as api from "../../api/inference";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useRefusal } from "../../ui/useRefusal";
import { useProject } from "../projects/useProject";

const REFRESH_MS = 1000;

/** The model that serves, asked about the annotated images: how far it is, and what it looked at last. */
export function SecondOpinion({ checked }: { readonly checked: LabelCheck }): ReactNode {
  const words = useWords();
  const { look, ask, stop } = useLook(checked);
  const refusal = useRefusal("POST /api/inference/projects/{project_id}/second-opinion");
  if (look.isError) return <ProblemAlert error={look.error} onRetry={() => void look.refetch()} />;
  if (look.data === undefined) return null;
  const { serving, state } = look.data;
  const isLooking = api.isRunning(look.data);
  if (serving === "" && !isLooking && checked.opinion === null) {
    return <Alert type="info" showIcon title={words.check.opinion.needsVersion} />;
  }
  return (
    <section aria-label={words.check.opinion.title}>
      <Typography.Paragraph type="secondary">{words.check.opinion.hint}</Typography.Paragraph>
      {isLooking ? (
        <Looking look={look.data} refusal={refusal} onStop={() => stop.mutate()} />
      ) : (
        <Space wrap>
          {serving !== "" && (
            <Button loading={ask.isPending} disabled={refusal !== ""} title={refusal} onClick={() => ask.mutate()}>
              {words.check.opinion.ask(serving)}
            </Button>
          )}
          <Looked checked={checked} serving={serving} />
        </Space>
      )}
      {state === "failed" && <Alert type="error" showIcon title={words.check.opinion.failed} description={look.data.error} />}
      {state === "cancelled" && <Typography.Text type="secondary">{words.check.opinion.stopped}</Typography.Text>}
    </section>
  );
}

interface LookingProps {
  readonly look: api.SecondOpinion;
  readonly refusal: string;
  readonly onStop: () => void;
}

function Looking({ look, refusal, onStop }: LookingProps): ReactNode {
  const { check } = useWords();
  const { figures, percent } = look.progress;
  return (
    <Space orientation="vertical" className="stack">
      <Typography.Text>{check.opinion.looking(look.version, figures?.done ?? 0, figures?.images ?? 0)}</Typography.Text>
      <Progress percent={Math.floor(percent)} status="active" aria-label={check.opinion.title} />
      <Button disabled={refusal !== ""} title={refusal} onClick={onStop}>{check.opinion.stop}</Button>
    </Space>
  );
}

/** What looked last, and at how much of what is there. */
function Looked({ checked, serving }: { readonly checked: LabelCheck; readonly serving: string }): ReactNode {
  const { check } = useWords();
  const { opinion } = checked;
  if (opinion === null) return null;
  return (
    <Typography.Text type="secondary">
      {check.opinion.looked(opinion.version, opinion.seen, checked.images, time(opinion.made_at))}{" "}
      {serving !== "" && serving !== opinion.version && check.opinion.older(serving)}
    </Typography.Text>
  );
}

/** The last look, read again while it goes on; the check is read again until it knows what was found. */
function useLook(checked: LabelCheck) {
  const project = useProject();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const queryKey = ["second-opinion", project.id];
  const look = useQuery({
    queryKey,
    queryFn: () => api.getSecondOpinion(project.id),
    refetchInterval: ({ state }) => (state.data !== undefined && api.isRunning(state.data) ? REFRESH_MS : false),
  });
  const isBehind = look.data?.state === "succeeded" && (checked.opinion?.number ?? 0) < look.data.number;
  useEffect(() => {
    if (!isBehind) return undefined;
    // A check under way goes on: broken off every second, one of many images would never be done.
    const read = () => void queries.invalidateQueries({ queryKey: ["label-check", project.id] }, { cancelRefetch: false });
    read();
    const again = setInterval(read, REFRESH_MS);
    return () => clearInterval(again);
  }, [isBehind, queries, project.id]);
  const told = {
    onSuccess: (data: api.SecondOpinion) => queries.setQueryData(queryKey, data),
    onError: (error: Error) => void message.error(error.message),
  };
  const ask = useMutation({ mutationFn: () => api.askSecondOpinion(project.id), ...told });
  const stop = useMutation({ mutationFn: () => api.cancelSecondOpinion(project.id), ...told });
  return { look, ask, stop };
}
