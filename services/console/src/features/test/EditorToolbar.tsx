import { DeleteOutlined, DragOutlined, PlusSquareOutlined, RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Button, Space } from "antd";
import type { ReactNode } from "react";
import type { BoxEditing } from "../../editor/useBoxes";
import { useWords } from "../../i18n/language";
import { LabelChoice } from "./LabelChoice";

interface Props {
  readonly editing: BoxEditing;
  readonly labels: readonly string[];
}

/** Tools, label and steps of an editor. */
export function EditorToolbar({ editing, labels }: Props): ReactNode {
  const words = useWords();
  const { tool, drawLabel, boxes, chosen } = editing;
  const one = boxes.find(({ id }) => id === chosen);
  return (
    <>
      <Space.Compact>
        <Button
          icon={<DragOutlined />}
          type={tool === "select" ? "primary" : "default"}
          onClick={() => editing.take("select")}
        >
          {words.test.toolSelect}
        </Button>
        <Button
          icon={<PlusSquareOutlined />}
          type={tool === "draw" ? "primary" : "default"}
          disabled={drawLabel === ""}
          onClick={() => editing.take("draw")}
        >
          {words.test.toolDraw}
        </Button>
      </Space.Compact>
      <LabelChoice labels={labels} value={one?.label ?? drawLabel} onChoose={editing.relabel} />
      <Space.Compact>
        <Button
          icon={<UndoOutlined />}
          disabled={!editing.mayUndo}
          title={words.test.undo}
          aria-label={words.test.undo}
          onClick={() => editing.do({ do: "undo" })}
        />
        <Button
          icon={<RedoOutlined />}
          disabled={!editing.mayRedo}
          title={words.test.redo}
          aria-label={words.test.redo}
          onClick={() => editing.do({ do: "redo" })}
        />
      </Space.Compact>
      <Button
        icon={<DeleteOutlined />}
        danger
        disabled={one === undefined}
        onClick={() => editing.do({ do: "delete" })}
      >
        {words.common.delete}
      </Button>
    </>
  );
}
