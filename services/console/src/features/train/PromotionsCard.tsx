import { Card, Table, Tag } from "antd";
import type { ReactNode } from "react";
import type { Promotion } from "../../api/trainer";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { HelpTip } from "../../ui/HelpTip";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePromotions } from "./usePromotions";

const SHOWN = 10;

/** Which version served when, who wanted it, and why. */
export function PromotionsCard(): ReactNode {
  const words = useWords();
  const promotions = usePromotions();
  if (promotions.isError) {
    return <ProblemAlert error={promotions.error} onRetry={() => void promotions.refetch()} />;
  }
  const items = promotions.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card
      title={
        <>
          {words.train.promotions} <HelpTip title={words.train.promotions} text={words.train.promotionsHelp} />
        </>
      }
    >
      <Table<Promotion>
        rowKey={({ at, version }) => `${version} ${at}`}
        size="small"
        scroll={{ x: 700 }}
        dataSource={items}
        pagination={items.length > SHOWN ? { pageSize: SHOWN, showSizeChanger: false } : false}
        columns={[
          {
            title: words.train.version,
            key: "version",
            width: 150,
            render: (_, { version, is_rollback: isBack }) => (
              <>
                {version} {isBack && <Tag color="warning">{words.train.rollback}</Tag>}
              </>
            ),
          },
          {
            title: words.train.replaced,
            key: "replaced",
            width: 100,
            render: (_, { replaced }) => replaced ?? "—",
          },
          { title: words.train.promotedAt, key: "at", width: 170, render: (_, { at }) => time(at) },
          {
            title: words.train.promotedBy,
            key: "by",
            width: 160,
            render: (_, { by }) => by ?? words.train.theGate,
          },
          { title: words.train.reason, key: "reason", render: (_, { reason }) => reason },
        ]}
      />
    </Card>
  );
}
