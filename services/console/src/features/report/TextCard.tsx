import { Table, Typography } from "antd";
import type { ReactNode } from "react";
import type { Report } from "../../api/evaluator";
import { useWords } from "../../i18n/language";
import { Section } from "../../ui/Section";
import { seenSigns } from "./ReadText";

/** As many as fit beside one another; the page to be saved has the others, too. */
const SHOWN = 20;

/** Which signs were read as which others, left out or put in: the most frequent first. */
export function TextCard({ report }: { readonly report: Report }): ReactNode {
  const words = useWords();
  const all = report.details.character_confusions ?? [];
  const signOf = (sign: string, absent: string): ReactNode =>
    sign === "" ? <Typography.Text type="secondary">{absent}</Typography.Text> : <Typography.Text code>{seenSigns(sign)}</Typography.Text>;
  return (
    <Section name="signs" title={words.report.signs} help={words.report.signsHelp}>
      <Table
        size="small"
        rowKey={({ truth, read }) => JSON.stringify([truth, read])}
        pagination={false}
        dataSource={all.slice(0, SHOWN)}
        locale={{ emptyText: words.report.noSigns }}
        data-testid="signs"
        columns={[
          { title: words.report.signThere, key: "truth", render: (_, { truth }) => signOf(truth, words.report.signAdded) },
          { title: words.report.signRead, key: "read", render: (_, { read }) => signOf(read, words.report.signLost) },
          { title: words.report.times, dataIndex: "count", key: "count" },
        ]}
      />
      {all.length > SHOWN && (
        <Typography.Paragraph type="secondary">{words.report.signsCut(SHOWN, all.length)}</Typography.Paragraph>
      )}
    </Section>
  );
}
