import { Form, InputNumber, Select } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import type { FieldError } from "../../api/problem";
import { useWords } from "../../i18n/language";
import { saidOf, STRENGTHS, SWITCHES, type Augmentation, type Augmented } from "./recipe";

interface Props {
  readonly chosen: Augmentation;
  readonly refused: readonly FieldError[];
  readonly onChange: (augmentation: Augmentation) => void;
}

/** How far random views differ from the images: a preset, and what a person sets beside it. */
export function AugmentationFields({ chosen, refused, onChange }: Props): ReactNode {
  const { recipe: words } = useWords();
  const put = (field: Augmented, value: unknown): void => onChange({ ...chosen, [field]: value });
  const item = (field: Augmented, control: ReactNode): ReactNode => {
    const said = saidOf(refused, `augmentation.${field}`);
    return (
      <Form.Item
        key={field}
        htmlFor={`recipe-augmentation-${field}`}
        label={words.augmented[field].name}
        extra={words.augmented[field].about}
        {...(said.length > 0 ? { validateStatus: "error", help: said.join("; ") } : {})}
      >
        {control}
      </Form.Item>
    );
  };
  return (
    <>
      <Select
        id="recipe-augmentation"
        className="recipe-preset"
        value={chosen.preset}
        onChange={(preset) => onChange({ ...chosen, preset })}
        options={FACTS.recipe_choices.augmentation.map((value) => ({
          value,
          label: words.presets[value],
        }))}
      />
      <div className="recipe-fields recipe-augmentation">
        {SWITCHES.map((field) =>
          item(
            field,
            <Select
              id={`recipe-augmentation-${field}`}
              value={String(chosen[field] ?? null)}
              onChange={(value: string) => put(field, JSON.parse(value))}
              options={(["null", "true", "false"] as const).map((value) => ({
                value,
                label: value === "null" ? words.asPreset : words.levels[value],
              }))}
            />,
          ),
        )}
        {STRENGTHS.map((field) =>
          item(
            field,
            <InputNumber
              id={`recipe-augmentation-${field}`}
              className="recipe-number"
              value={chosen[field] ?? null}
              step={field === "rotation" ? 5 : 0.05}
              onChange={(value) => put(field, value)}
              placeholder={words.asPreset}
            />,
          ),
        )}
      </div>
    </>
  );
}
