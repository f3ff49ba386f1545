import { PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select, Space } from "antd";
import { useState, type ReactNode } from "react";
import { useWords } from "../../i18n/language";

interface Props {
  readonly labels: readonly string[];
  readonly value: string;
  readonly onChoose: (label: string) => void;
}

/** The project's labels, and a place to type one that does not exist yet. */
export function LabelChoice({ labels, value, onChoose }: Props): ReactNode {
  const words = useWords();
  const [typed, setTyped] = useState("");
  const add = (): void => {
    if (typed.trim() === "") return;
    onChoose(typed.trim());
    setTyped("");
  };
  return (
    <Select
      className="filter-select"
      value={value === "" ? null : value}
      placeholder={words.report.label}
      onChange={onChoose}
      options={labels.map((label) => ({ value: label, label }))}
      aria-label={words.report.label}
      popupMatchSelectWidth={220}
      popupRender={(list) => (
        <>
          {list}
          <Space.Compact block className="label-new">
            <Input
              value={typed}
              maxLength={128}
              placeholder={words.test.newLabel}
              onChange={(event) => setTyped(event.target.value)}
              onPressEnter={add}
              onKeyDown={(event) => event.stopPropagation()}
            />
            <Button icon={<PlusOutlined />} onClick={add} aria-label={words.test.newLabel} />
          </Space.Compact>
        </>
      )}
    />
  );
}
