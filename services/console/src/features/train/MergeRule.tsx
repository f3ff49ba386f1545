import { InputNumber, Select, Space, Switch, Typography } from "antd";
import type { ReactNode } from "react";
import { FACTS } from "../../api/generated/facts";
import type { Merge } from "../../api/trainer";
import { useWords } from "../../i18n/language";

interface Props {
  readonly rule: Merge | null;
  readonly onChange: (rule: Merge | null) => void;
}

/** What is shown first of a rule of one's own: the fields' defaults. */
const OWN: Merge = { rule: "nms", metric: "iou", threshold: 0.6, per_label: true };

/** How boxes that overlap become one: as the platform does it, or by a rule of the recipe's own. */
export function MergeRule({ rule, onChange }: Props): ReactNode {
  const { recipe: words } = useWords();
  return (
    <Space wrap>
      <Switch
        id="recipe-merge"
        checked={rule !== null}
        onChange={(own) => onChange(own ? OWN : null)}
      />
      {rule === null ? (
        <Typography.Text type="secondary">{words.mergeUsual}</Typography.Text>
      ) : (
        <>
          <Select
            className="recipe-part"
            aria-label={words.mergeHow}
            value={rule.rule}
            options={FACTS.recipe_choices.merge_rule.map((value) => ({ value, label: value }))}
            onChange={(value) => onChange({ ...rule, rule: value })}
          />
          <Select
            className="recipe-part"
            aria-label={words.mergeMetric}
            value={rule.metric}
            options={FACTS.recipe_choices.merge_metric.map((value) => ({ value, label: value }))}
            onChange={(value) => onChange({ ...rule, metric: value })}
          />
          <InputNumber
            aria-label={words.mergeFrom}
            value={rule.threshold}
            step={0.05}
            onChange={(value) => onChange({ ...rule, threshold: value ?? 0 })}
          />
          <Switch
            checked={rule.per_label}
            aria-label={words.mergePerLabel}
            onChange={(value) => onChange({ ...rule, per_label: value })}
          />
          <Typography.Text>{words.mergePerLabel}</Typography.Text>
        </>
      )}
    </Space>
  );
}
