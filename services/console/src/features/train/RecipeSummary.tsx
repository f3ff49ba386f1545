import { Button, Popover } from "antd";
import type { ReactNode } from "react";
import type { Recipe, RecipeSource, Training } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { resolution } from "../../ui/format";
import { useProject } from "../projects/useProject";
import { groupsOf, STRENGTHS, SWITCHES, type Augmentation, type Field } from "./recipe";

/** Where a recipe came from, in few words. */
export function sourceName(source: RecipeSource, words: Words["recipe"]): string {
  return source.kind === "project" ? words.sources.project(source.revision ?? 0) : words.sources[source.kind];
}

/** Where a training's recipe came from; behind it the recipe, and what the training made of it. */
export function RecipeSummary({ training }: { readonly training: Training }): ReactNode {
  const { recipe: words } = useWords();
  const source = training.recipe_from;
  return (
    <Popover
      trigger="click"
      title={words.title}
      content={<RecipeContents training={training} />}
      classNames={{ root: "recipe-summary" }}
    >
      <Button type="link" size="small" className="cell-link">
        {source === null ? words.sources.unknown : sourceName(source, words)}
      </Button>
    </Popover>
  );
}

/** A training's recipe, and what the training made of it. */
export function RecipeContents({ training }: { readonly training: Training }): ReactNode {
  const { recipe: words, train } = useWords();
  const { task } = useProject();
  const made = [
    training.input_width !== null && training.input_height !== null
      ? `${words.madeInput}: ${resolution(training.input_width, training.input_height)}`
      : null,
    training.epochs === null ? null : `${train.epoch}: ${training.epochs}`,
    training.started_from ? words.madeFrom(training.started_from) : null,
    training.backbone_weights ? `${words.madeWeights}: ${training.backbone_weights}` : null,
    ...training.choices,
  ].filter((line) => line !== null);
  return (
    <>
      <dl className="recipe-said">
        {groupsOf(task)
          .flatMap(([, fields]) => fields)
          .map((field) => (
            <div key={field}>
              <dt>{words.fields[field].name}</dt>
              <dd>{written(training.recipe, field, words)}</dd>
            </div>
          ))}
      </dl>
      {made.length > 0 && (
        <>
          <strong>{train.choices}</strong>
          <ul className="training-choices">
            {made.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function written(recipe: Recipe, field: Field, words: Words["recipe"]): string {
  if (field === "losses") {
    const terms = recipe.losses;
    if (terms.length === 0) return words.usual;
    return terms.map(({ part, loss, weight }) => `${part}: ${weight} × ${loss}`).join(words.comma);
  }
  if (field === "augmentation") return writtenAugmentation(recipe.augmentation, words);
  if (field === "sampler") return words.samplers[recipe.sampler];
  if (field === "precision") return words.precisions[recipe.precision];
  if (field === "early_stop") return String(recipe.early_stop ?? words.no);
  if (field === "merge") {
    const rule = recipe.merge ?? null;
    return rule === null ? words.usual : `${rule.rule} ${rule.metric} ≥ ${rule.threshold}`;
  }
  const value = recipe[field];
  return value === null || value === undefined ? words.planned : plain(value, words);
}

/** The preset, and what is set beside it. */
function writtenAugmentation(chosen: Augmentation, words: Words["recipe"]): string {
  const set = [...SWITCHES, ...STRENGTHS]
    .filter((field) => chosen[field] != null)
    .map((field) => `${words.augmented[field].name}: ${plain(chosen[field], words)}`);
  return [words.presets[chosen.preset], ...set].join(words.comma);
}

function plain(value: unknown, words: Words["recipe"]): string {
  if (typeof value === "boolean") return value ? words.yes : words.no;
  return String(value);
}
