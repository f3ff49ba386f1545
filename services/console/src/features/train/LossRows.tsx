import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, InputNumber, Select, Space } from "antd";
import type { ReactNode } from "react";
import { listLosses, type LossTerm } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";

interface Props {
  readonly terms: readonly LossTerm[];
  readonly onChange: (terms: LossTerm[]) => void;
}

/** The weighted sums of losses: a row for each, of the parts and losses that the task has here. */
export function LossRows({ terms, onChange }: Props): ReactNode {
  const { recipe: words } = useWords();
  const project = useProject();
  const offered = useQuery({ queryKey: ["losses", project.id], queryFn: () => listLosses(project.id) });
  const parts = offered.data?.parts ?? [];
  const lossesOf = (name: string): string[] => {
    const part = parts.find((one) => one.part === name);
    return part === undefined ? [] : [...part.losses, ...part.plugins];
  };
  const put = (place: number, change: Partial<LossTerm>): void =>
    onChange(terms.map((term, at) => (at === place ? { ...term, ...change } : term)));
  const add = (): void => {
    const free = parts.find(({ part }) => terms.every((term) => term.part !== part)) ?? parts[0];
    if (free === undefined) return;
    const { part, default_weight: weight } = free;
    onChange([...terms, { part, loss: lossesOf(part)[0] ?? "", weight }]);
  };
  return (
    <div className="recipe-losses">
      {offered.isError && <ProblemAlert error={offered.error} onRetry={() => void offered.refetch()} />}
      {terms.map((term, place) => (
        <Space key={place} wrap>
          <Select
            className="recipe-part"
            aria-label={`${words.lossPart} ${place + 1}`}
            value={term.part}
            options={parts.map(({ part }) => ({ value: part, label: part }))}
            onChange={(part) => put(place, { part, loss: lossesOf(part)[0] ?? "" })}
          />
          <Select
            className="recipe-loss"
            aria-label={`${words.lossName} ${place + 1}`}
            value={term.loss}
            options={lossesOf(term.part).map((loss) => ({ value: loss, label: loss }))}
            onChange={(loss) => put(place, { loss })}
          />
          <InputNumber
            aria-label={`${words.lossWeight} ${place + 1}`}
            value={term.weight}
            onChange={(weight) => put(place, { weight: weight ?? 0 })}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={`${words.lossRemove} ${place + 1}`}
            onClick={() => onChange(terms.filter((_, at) => at !== place))}
          />
        </Space>
      ))}
      <Button icon={<PlusOutlined />} disabled={parts.length === 0} onClick={add}>
        {words.lossAdd}
      </Button>
    </div>
  );
}
