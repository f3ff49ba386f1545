import { Form, InputNumber, Select, Switch, Typography } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import type { FieldError } from "../../api/problem";
import type { Recipe } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import { AugmentationFields } from "./AugmentationFields";
import { LossRows } from "./LossRows";
import { MergeRule } from "./MergeRule";
import { groupsOf, saidOf, type Field } from "./recipe";

interface Props {
  readonly recipe: Recipe;
  readonly refused: readonly FieldError[];
  readonly onChange: (part: Partial<Recipe>) => void;
}

/** Every field of a recipe that the project's task reads, in groups, each with a line on what it does. */
export function RecipeFields({ recipe, refused, onChange }: Props): ReactNode {
  const { recipe: words } = useWords();
  const { task } = useProject();
  return (
    <Form layout="vertical" component={false}>
      {groupsOf(task).map(([group, fields]) => (
        <section key={group} className="recipe-group" aria-label={words.groups[group]}>
          <Typography.Title level={5}>{words.groups[group]}</Typography.Title>
          <div className="recipe-fields">
            {fields.map((field) => {
              const said = saidOf(refused, field, DEEP.includes(field));
              return (
                <Form.Item
                  key={field}
                  htmlFor={`recipe-${field}`}
                  label={words.fields[field].name}
                  extra={words.fields[field].about}
                  className={WIDE.includes(field) ? "recipe-wide" : ""}
                  {...(said.length > 0 ? { validateStatus: "error", help: said.join("; ") } : {})}
                >
                  <Control field={field} recipe={recipe} refused={refused} onChange={onChange} />
                </Form.Item>
              );
            })}
          </div>
        </section>
      ))}
    </Form>
  );
}

const WIDE: readonly Field[] = ["augmentation", "losses", "merge"];
/** Fields whose parts say themselves what is refused of them. */
const DEEP: readonly Field[] = ["augmentation"];

interface ControlProps extends Props {
  readonly field: Field;
}

type Chosen = keyof typeof FACTS.recipe_choices;

/** Limits are the platform's: what it refuses is said at the field. */
function Control({ field, recipe, refused, onChange }: ControlProps): ReactNode {
  const { recipe: words } = useWords();
  const { task } = useProject();
  const id = `recipe-${field}`;
  const put = (value: unknown): void => onChange({ [field]: value });
  switch (field) {
    case "augmentation":
      return (
        <AugmentationFields
          chosen={recipe.augmentation}
          refused={refused}
          onChange={(augmentation) => onChange({ augmentation })}
        />
      );
    case "sampler":
      return (
        <Select
          id={id}
          value={recipe.sampler}
          onChange={put}
          options={FACTS.recipe_choices.sampler.map((value) => ({ value, label: words.samplers[value] }))}
        />
      );
    case "precision":
      return (
        <Select
          id={id}
          value={recipe.precision}
          onChange={put}
          options={FACTS.recipe_choices.precision.map((value) => ({ value, label: words.precisions[value] }))}
        />
      );
    case "losses":
      return <LossRows terms={recipe.losses} onChange={(losses) => onChange({ losses })} />;
    case "merge":
      return <MergeRule rule={recipe.merge ?? null} onChange={(merge) => onChange({ merge })} />;
    case "pretrained":
    case "warm_start":
      return <Switch id={id} checked={recipe[field]} onChange={put} />;
    case "fine_level":
      return (
        <Select
          id={id}
          value={String(recipe.fine_level ?? null)}
          onChange={(value: string) => put(JSON.parse(value))}
          options={["null", "true", "false"].map((value) => ({
            value,
            label: words.levels[value as keyof typeof words.levels],
          }))}
        />
      );
    case "resolution":
      return (
        <Select
          id={id}
          value={recipe.resolution}
          onChange={put}
          options={FACTS.recipe_choices.resolution.map((value) => ({
            value,
            label: value === "auto" ? words.planned : words.megapixels(value),
          }))}
        />
      );
    case "backbone":
      return (
        <Select
          id={id}
          value={recipe.backbone}
          onChange={put}
          options={FACTS.tasks[task].backbones.map((value) => ({ value, label: value }))}
        />
      );
    case "start":
    case "score_loss":
    case "box_loss":
      return <Select id={id} value={recipe[field]} onChange={put} options={optionsOf(field)} />;
    default:
      return (
        <InputNumber
          id={id}
          className="recipe-number"
          value={recipe[field] ?? null}
          onChange={put}
          placeholder={field === "early_stop" ? words.no : words.planned}
        />
      );
  }
}

function optionsOf(field: Chosen): { value: string; label: string }[] {
  return FACTS.recipe_choices[field].map((value) => ({ value, label: value }));
}
