import { DownloadOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Badge, Button, Empty, Table, Tag } from "antd";
import type { TableColumnsType } from "antd";
import { useState, type ReactNode } from "react";
import { saveFile } from "../../api/http";
import { auditPath, listAudit, type AuditEntry, type AuditSought } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { time } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { AdministrationLinks } from "./AdministrationLinks";
import { AuditFilters, EVERYTHING, isNarrowed } from "./AuditFilters";
import "./audit.css";

const ROWS = 20;
const FORBIDDEN = 403;

/** Who asked for which change, and how that was answered; searched, and saved as a file. */
export function AuditPage(): ReactNode {
  const words = useWords();
  const [sought, setSought] = useState(EVERYTHING);
  const entries = usePage({
    key: ["audit", sought],
    list: (page, size) => listAudit(sought, page, size),
    size: ROWS,
  });
  const none = isNarrowed(sought) ? words.audit.noneFound : words.audit.none;
  return (
    <div className="page">
      <PageHead title={words.audit.title} subtitle={words.audit.subtitle}>
        <AdministrationLinks here="audit" />
      </PageHead>
      {entries.error !== null && <ProblemAlert error={entries.error} onRetry={entries.retry} />}
      {(entries.error === null || entries.items.length > 0) && (
        <>
          <AuditFilters sought={sought} onSeek={setSought} />
          <Saving sought={sought} empty={entries.empty} />
          <Table<AuditEntry>
            rowKey="id"
            size="small"
            scroll={{ x: 1000 }}
            loading={entries.pending || entries.turning}
            dataSource={entries.items}
            columns={columnsOf(words)}
            locale={{ emptyText: <Empty description={entries.empty ? none : null} /> }}
            pagination={{ ...entries.pager, showTotal: words.common.total, hideOnSinglePage: true }}
            footer={() => words.audit.help}
          />
        </>
      )}
    </div>
  );
}

interface SavingProps {
  readonly sought: AuditSought;
  readonly empty: boolean;
}

/** All entries that are sought as a file, not only those of the page. */
function Saving({ sought, empty }: SavingProps): ReactNode {
  const { audit: words } = useWords();
  const saving = useMutation({
    mutationFn: (format: "csv" | "jsonl") => saveFile(auditPath(sought, format), `audit.${format}`),
  });
  const button = (format: "csv" | "jsonl", name: string) => (
    <Button
      icon={<DownloadOutlined />}
      disabled={empty}
      loading={saving.isPending && saving.variables === format}
      onClick={() => saving.mutate(format)}
    >
      {name}
    </Button>
  );
  return (
    <div className="audit-saving">
      {button("csv", words.saveSheet)}
      {button("jsonl", words.saveLines)}
      {saving.isError && <ProblemAlert error={saving.error} />}
    </div>
  );
}

function columnsOf(words: Words): TableColumnsType<AuditEntry> {
  const { audit } = words;
  const operations: Record<string, string> = audit.operations;
  const roles: Record<string, { readonly name: string }> = words.keys.roles;
  return [
    { title: audit.at, key: "at", width: 170, render: (_, { at }) => time(at) },
    {
      title: audit.who,
      key: "who",
      render: (_, { key_id: key, key_name: name, role }) =>
        key === null ? (
          audit.commandLine
        ) : (
          <span title={key} className="audit-text">
            {name === "" ? key : name} <Tag>{roles[role]?.name ?? role}</Tag>
          </span>
        ),
    },
    { title: audit.what, key: "what", render: (_, { operation }) => operations[operation] ?? operation },
    { title: audit.object, key: "object", width: 330, render: (_, entry) => <Objects entry={entry} /> },
    { title: audit.outcome, key: "outcome", width: 140, render: (_, { status }) => outcome(status, words) },
    { title: audit.address, key: "address", width: 140, render: (_, { address }) => address || "—" },
  ];
}

/** The ids that the request named, those of what it made or took away, and how the version went on. */
function Objects({ entry }: { readonly entry: AuditEntry }): ReactNode {
  const { audit: words } = useWords();
  const { named, made, version_before: before, version_after: after } = entry;
  return (
    <div className="audit-ids">
      {Object.entries(named).map(([name, id]) => (
        <div key={name} title={name}>
          {id}
        </div>
      ))}
      {made.length > 0 && <div>{words.makes(made.join(", "))}</div>}
      {(before !== null || after !== null) && <div>{words.version(before, after)}</div>}
    </div>
  );
}

function outcome(status: number, { audit: words }: Words): ReactNode {
  if (status < 300) return <Badge status="success" text={words.done} />;
  if (status === FORBIDDEN) return <Badge status="warning" text={words.refused} />;
  if (status < 500) return <Badge status="default" text={words.failed(status)} />;
  return <Badge status="error" text={words.unknown(status)} />;
}
