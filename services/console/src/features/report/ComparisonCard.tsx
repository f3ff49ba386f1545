import { useQuery } from "@tanstack/react-query";
import { Select, Skeleton, Space, Table, Tag, Typography } from "antd";
import { useState, type ReactNode } from "react";
import { compareVersions, type Comparison, type Difference } from "../../api/evaluator";
import { useWords, type Words } from "../../i18n/language";
import { percent } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { Section } from "../../ui/Section";
import { useProject } from "../projects/useProject";
import { ChangedLines } from "./ChangedLines";
import { SIGNIFICANT, verdictOf, type Verdict } from "./comparison";

interface Props {
  readonly version: string;
  /** All versions, newest first. */
  readonly versions: readonly string[];
}

/** Is this version better than another one, or is the difference chance? */
export function ComparisonCard({ version, versions }: Props): ReactNode {
  const words = useWords();
  const others = versions.filter((name) => name !== version);
  const before = versions[versions.indexOf(version) + 1] ?? others[0];
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const other = asked ?? before;
  if (other === undefined) return null;
  return (
    <Section
      name="comparison"
      title={words.report.comparison}
      help={words.report.comparisonHelp}
      hint={`${version} ↔ ${other}`}
    >
      <div className="stack">
        <Space>
          {words.report.compareWith(version)}
          <Select
            value={other}
            className="version-select"
            aria-label={words.report.comparison}
            options={others.map((name) => ({ value: name, label: name }))}
            onChange={setAsked}
          />
        </Space>
        <Compared version={version} other={other} />
      </div>
    </Section>
  );
}

interface ComparedProps {
  readonly version: string;
  readonly other: string;
}

function Compared({ version, other }: ComparedProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const found = useQuery({
    queryKey: ["comparison", project.id, version, other],
    queryFn: () => compareVersions(project.id, version, other),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />;
  if (found.isPending) return <Skeleton active paragraph={{ rows: 4 }} />;
  return (
    <div data-testid="comparison">
      <Differences comparison={found.data} />
      <ul className="notes">
        <li>{words.report.comparedOn(found.data.images, found.data.false_per_image?.toFixed(2))}</li>
        <li>
          {words.report.signTest(
            found.data.images_better,
            found.data.images_worse,
            chance(found.data.sign_test_p),
          )}
        </li>
        <li>{words.report.significance(SIGNIFICANT)}</li>
      </ul>
      <ChangedLines key={other} comparison={found.data} />
    </div>
  );
}

interface Row extends Difference {
  readonly name: string;
}

const NAMES = [
  "average_detection_rate",
  "precision",
  "f1",
  "map_50",
  "map",
  "exact_match",
  "characters",
  "exact_match_any_case",
  "characters_any_case",
] as const;
const COLOURS: Record<Verdict, string> = {
  better: "green",
  worse: "red",
  chance: "default",
  same: "default",
  unknown: "default",
};

function Differences({ comparison }: { readonly comparison: Comparison }): ReactNode {
  const words = useWords();
  const rows = Object.entries(comparison.figures).map(([name, figure]) => ({ name, ...figure }));
  return (
    <Table<Row>
      size="small"
      rowKey="name"
      pagination={false}
      dataSource={rows}
      columns={[
        { title: words.report.figure, key: "name", render: (_, { name }) => figureName(name, words) },
        { title: comparison.first, key: "first", render: (_, { first }) => percent(first) },
        { title: comparison.second, key: "second", render: (_, { second }) => percent(second) },
        {
          title: words.report.difference,
          key: "difference",
          render: (_, { difference, interval }) => (
            <>
              {points(difference)}{" "}
              <Typography.Text type="secondary" className="difference-range">
                {interval.low !== null && `${points(interval.low)} … ${points(interval.high)}`}
              </Typography.Text>
            </>
          ),
        },
        { title: words.report.pValue, key: "p", render: (_, { p_value: p }) => chance(p) },
        {
          title: words.report.verdict,
          key: "verdict",
          render: (_, row) => (
            <Tag color={COLOURS[verdictOf(row)]}>{words.report.verdicts[verdictOf(row)]}</Tag>
          ),
        },
      ]}
    />
  );
}

function figureName(name: string, words: Words): string {
  const known = NAMES.find((one) => one === name);
  return known === undefined ? name : words.report.figureNames[known];
}

function points(difference: number | null): string {
  if (difference === null) return "—";
  return `${difference > 0 ? "+" : ""}${(difference * 100).toFixed(1)}`;
}

function chance(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
