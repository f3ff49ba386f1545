import { useQueries } from "@tanstack/react-query";
import { Progress, Table } from "antd";
import type { ReactNode } from "react";
import { listQuotas as listImageQuotas, type Quota } from "../../api/gallery";
import { listQuotas as listPredictionQuotas } from "../../api/inference";
import { listQuotas as listTrainingQuotas } from "../../api/trainer";
import { useWords, type Words } from "../../i18n/language";
import { bytes } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { AdministrationLinks } from "./AdministrationLinks";

const REFRESH_MS = 15_000;
const ALMOST = 0.9;

const ASKED = { images: listImageQuotas, trainings: listTrainingQuotas, predictions: listPredictionQuotas };

/** What the tenant may keep and do, beside what it does; each service tells of its own quotas. */
export function QuotasPage(): ReactNode {
  const words = useWords();
  const quotas = useQueries({
    queries: Object.entries(ASKED).map(([of, queryFn]) => ({
      queryKey: ["quotas", of],
      queryFn,
      refetchInterval: REFRESH_MS,
    })),
  });
  const isPending = quotas.some((one) => one.isPending);
  const failed = quotas.find((one) => one.isError);
  const items = quotas.flatMap((one) => one.data?.items ?? []);
  return (
    <div className="page">
      <PageHead title={words.quotas.title} subtitle={words.quotas.subtitle}>
        <AdministrationLinks here="quotas" />
      </PageHead>
      {failed !== undefined && (
        <ProblemAlert error={failed.error} onRetry={() => quotas.forEach((one) => void one.refetch())} />
      )}
      {(isPending || items.length > 0) && (
        <Table<Quota>
          rowKey="name"
          size="middle"
          pagination={false}
          loading={isPending}
          dataSource={items}
          footer={() => words.quotas.help}
          columns={[
            { title: words.quotas.name, key: "name", render: (_, { name }) => words.quotas.names[name] },
            { title: words.quotas.used, key: "used", render: (_, one) => <Share one={one} /> },
            { title: words.quotas.limit, key: "limit", render: (_, one) => limitOf(one, words) },
            {
              title: words.quotas.from,
              key: "from",
              render: (_, { is_own: own }) => (own ? words.quotas.own : words.quotas.common),
            },
          ]}
        />
      )}
    </div>
  );
}

function Share({ one }: { readonly one: Quota }): ReactNode {
  const { used, limit } = one;
  if (limit === null) return said(one, used);
  const share = limit === 0 ? 1 : Math.min(1, used / limit);
  return (
    <>
      {said(one, used)}
      <Progress
        percent={Math.floor(share * 100)}
        size="small"
        status={share >= ALMOST ? "exception" : "normal"}
        format={(percent) => `${percent ?? 0}%`}
      />
    </>
  );
}

function limitOf(one: Quota, { quotas: words }: Words): string {
  return one.limit === null ? words.unlimited : said(one, one.limit);
}

function said({ name }: Quota, value: number): string {
  return name === "size_bytes" ? bytes(value) : String(value);
}
