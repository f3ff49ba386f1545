import { useQuery } from "@tanstack/react-query";
import { Button, Segmented, Select, Space } from "antd";
// The room's index brings text areas and one-time codes along, which this page has not.
import Input from "antd/es/input/Input";
import type { ReactNode } from "react";
import { listKeys, type AuditSought } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { useTyped } from "../../ui/useTyped";

const MOST_KEYS = 500;

export const EVERYTHING: AuditSought = { who: "", operation: "", object: "", refused: false, from: "", to: "" };

/** Whether anything is left out. */
export function isNarrowed(sought: AuditSought): boolean {
  return JSON.stringify(sought) !== JSON.stringify(EVERYTHING);
}

interface Props {
  readonly sought: AuditSought;
  readonly onSeek: (sought: AuditSought) => void;
}

/** The search of the audit log on one line; every choice counts at once, what is typed a moment later. */
export function AuditFilters({ sought, onSeek }: Props): ReactNode {
  const { audit: words } = useWords();
  const keys = useQuery({ queryKey: ["keys", "all"], queryFn: () => listKeys(1, MOST_KEYS) });
  const change = (part: Partial<AuditSought>): void => onSeek({ ...sought, ...part });
  const [object, typeObject] = useTyped(sought.object, (text) => change({ object: text.trim() }));
  return (
    <search className="audit-filters">
      <Segmented
        aria-label={words.outcome}
        value={sought.refused}
        options={[
          { value: false, label: words.anyOutcome },
          { value: true, label: words.refusedOnly },
        ]}
        onChange={(refused) => change({ refused })}
      />
      <Choice
        name={words.who}
        value={sought.who}
        options={(keys.data?.items ?? []).map(({ id, name }) => ({ value: id, label: `${name} (${id})` }))}
        onChoose={(who) => change({ who })}
      />
      <Choice
        name={words.what}
        value={sought.operation}
        options={Object.entries(words.operations).map(([value, label]) => ({ value, label }))}
        onChoose={(operation) => change({ operation })}
      />
      <Input
        allowClear
        value={object}
        maxLength={64}
        placeholder={words.objectId}
        aria-label={words.objectId}
        className="audit-object"
        onChange={(event) => typeObject(event.target.value)}
      />
      <Space.Compact>
        <Input
          type="date"
          value={sought.from}
          max={sought.to}
          aria-label={words.from}
          onChange={(event) => change({ from: event.target.value })}
        />
        <Input
          type="date"
          value={sought.to}
          min={sought.from}
          aria-label={words.to}
          onChange={(event) => change({ to: event.target.value })}
        />
      </Space.Compact>
      {isNarrowed(sought) && (
        <Button type="link" onClick={() => onSeek(EVERYTHING)}>
          {words.reset}
        </Button>
      )}
    </search>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  readonly options: { readonly value: string; readonly label: string }[];
  readonly onChoose: (value: string) => void;
}

function Choice({ name, value, options, onChoose }: ChoiceProps): ReactNode {
  return (
    <Select
      allowClear
      showSearch={{ optionFilterProp: "label" }}
      value={value === "" ? null : value}
      placeholder={name}
      aria-label={name}
      popupMatchSelectWidth={false}
      className="audit-choice"
      onChange={(chosen: string | null | undefined) => onChoose(chosen ?? "")}
      options={options}
    />
  );
}
