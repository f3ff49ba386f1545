import { Table } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { percent } from "../../ui/format";
import { Section } from "../../ui/Section";

/** The same reading where case and spaces are mistakes, and where they are not; the row that the report goes by is bold. */
export function StrictnessCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const { readings, is_cased: cased } = report.details;
  if (readings == null) return null;
  const counts = (does: boolean): string => (does ? words.report.counts : words.report.aside);
  return (
    <Section name="strictness" title={words.report.strictness} help={words.report.strictnessHelp}>
      <Table
        size="small"
        rowKey={(row) => `${row.case} ${row.spaces}`}
        rowClassName={(row) => (row.spaces && row.case === cased ? "strictness-own" : "")}
        pagination={false}
        dataSource={[...readings]}
        data-testid="strictness"
        columns={[
          { title: words.report.letterCase, key: "case", render: (_, row) => counts(row.case) },
          { title: words.report.spaces, key: "spaces", render: (_, row) => counts(row.spaces) },
          { title: words.report.exactLines, key: "exact", render: (_, row) => percent(row.exact_match) },
          { title: words.report.cer, key: "cer", render: (_, row) => percent(row.cer) },
          { title: words.report.cerOfAll, key: "all", render: (_, row) => percent(row.cer_end_to_end) },
        ]}
      />
    </Section>
  );
}
