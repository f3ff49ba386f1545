import { Card, Descriptions } from "antd";
import type { ReactNode } from "react";
import type { History, Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { percent, time } from "../../ui/format";
import { sourceName } from "./RecipeSummary";

interface Props {
  readonly training: Training;
  /** Not there yet, or of an early release: what the record knows is shown. */
  readonly history: History | undefined;
}

/** Where a training came from, what it learnt from, on what, and how long it took. */
export function TrainingFacts({ training, history }: Props): ReactNode {
  const words = useWords();
  const items = factsOf(training, history, words)
    .filter(([, value]) => value !== "")
    .map(([label, children]) => ({ key: label, label, children }));
  return (
    <Card title={words.training.facts}>
      <Descriptions size="small" column={{ xs: 1, sm: 1, md: 2 }} items={items} />
    </Card>
  );
}

function factsOf(training: Training, history: History | undefined, words: Words): [string, string][] {
  const { train, training: said } = words;
  return [
    [said.trigger, said.triggers[training.trigger]],
    [words.recipe.title, training.recipe_from === null ? words.recipe.sources.unknown : sourceName(training.recipe_from, words.recipe)],
    [said.wentOnFrom, training.started_from ?? ""],
    [said.weights, [training.backbone_weights, training.backbone_licence].filter(Boolean).join(said.comma)],
    [train.startedAt, training.started_at === null ? "" : time(training.started_at)],
    [train.finishedAt, training.ended_at === null ? "" : time(training.ended_at)],
    [train.duration, training.duration_minutes === null ? "" : train.minutes(training.duration_minutes)],
    [train.epoch, training.epochs === null ? "" : String(training.epochs)],
    [said.resumedAt, training.resumed_at_epoch ? String(training.resumed_at_epoch) : ""],
    [train.annotatedOfTotal, training.total_images === 0 ? "" : `${training.annotated_images} / ${training.total_images}`],
    [said.corrections, training.corrections === 0 ? "" : String(training.corrections)],
    [said.splits, splitsOf(history, words)],
    [said.examples, Object.entries(history?.examples ?? {}).map(([label, count]) => `${label} × ${count}`).join(said.comma)],
    [said.device, history?.device ?? ""],
    [said.boundBy, boundOf(history, words)],
  ];
}

function splitsOf(history: History | undefined, words: Words): string {
  const names: Record<string, string> = words.training.splitNames;
  return Object.entries(history?.splits ?? {})
    .map(([split, count]) => `${names[split] ?? split} ${count}`)
    .join(words.training.comma);
}

function boundOf(history: History | undefined, words: Words): string {
  const bound = history?.bound_by ?? null;
  return bound === null ? "" : words.training.bounds[bound](percent(history?.data_wait));
}
