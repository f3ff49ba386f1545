import { Table } from "antd";
import type { ReactNode } from "react";
import type { Certified } from "../../api/inference";
import { useWords } from "../../i18n/language";
import { decimal } from "../../ui/format";

type Change = Certified["accuracy"][number];

/** F1 before and after an export: of all labels, then of each. */
export function AccuracyTable({ changes }: { readonly changes: readonly Change[] }): ReactNode {
  const { download } = useWords();
  return (
    <details className="export-labels">
      <summary>{download.byLabel}</summary>
      <Table<Change>
        rowKey="label"
        size="small"
        pagination={false}
        dataSource={[...changes]}
        columns={[
          { title: download.label, key: "label", render: (_, one) => one.label || download.allLabels },
          { title: download.truths, dataIndex: "truths", key: "truths" },
          { title: download.f1Before, key: "before", render: (_, one) => decimal(one.reported) },
          { title: download.f1After, key: "after", render: (_, one) => decimal(one.exported) },
          { title: download.change, key: "change", render: (_, one) => points(one) },
        ]}
      />
    </details>
  );
}

/** "-0.3 (-2.1 … +1.4)": the change of F1 in points, with its interval. */
export function points({ reported, exported, low, high }: Change): string {
  return `${signed(exported - reported)} (${signed(low)} … ${signed(high)})`;
}

function signed(share: number): string {
  const value = (share * 100).toFixed(1);
  return share > 0 && value !== "0.0" ? `+${value}` : value.replace("-0.0", "0.0");
}
