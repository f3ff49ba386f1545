import { Progress, Table } from "antd";
import type { ReactNode } from "react";
import type { GroupRate, Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent, range } from "../../ui/format";
import { Section } from "../../ui/Section";

const NAMES = ["small", "medium", "large", "tile_edge", "inside_tile"] as const;

/** Whether small targets, or those that a tile edge cuts, are found less often than others. */
export function GroupsCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  return (
    <Section name="groups" title={words.report.groups} help={words.report.groupsHelp}>
      <div className="groups" data-testid="groups">
        <Rates title={words.report.bySize} rows={report.by_size} />
        {report.by_tile_edge.length > 0 && (
          <Rates title={words.report.byTileEdge} rows={report.by_tile_edge} />
        )}
      </div>
    </Section>
  );
}

interface RatesProps {
  readonly title: string;
  readonly rows: readonly GroupRate[];
}

function Rates({ title, rows }: RatesProps): ReactNode {
  const words = useWords();
  const nameOf = (name: string): string => {
    const known = NAMES.find((one) => one === name);
    return known === undefined ? name : words.report.groupNames[known];
  };
  return (
    <Table<GroupRate>
      size="small"
      rowKey="name"
      pagination={false}
      dataSource={rows}
      columns={[
        { title, key: "name", render: (_, { name }) => nameOf(name) },
        {
          title: words.report.foundOf,
          key: "found",
          width: 120,
          render: (_, { found, truths }) => `${found} / ${truths}`,
        },
        {
          title: words.report.interval,
          key: "interval",
          width: 130,
          render: (_, { interval }) => range(interval),
        },
        {
          title: words.report.detectionRate,
          key: "rate",
          render: (_, { rate }) =>
            rate === null ? (
              "—"
            ) : (
              <Progress percent={rate * 100} status="normal" size="small" format={() => percent(rate)} />
            ),
        },
      ]}
    />
  );
}
