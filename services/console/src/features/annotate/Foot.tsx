import { LeftOutlined, QuestionOutlined, RightOutlined, StepForwardOutlined } from "@ant-design/icons";
import { Button, Select, Space } from "antd";
import type { ReactNode } from "react";
import { IMAGE_STATUSES, REVIEW_STATES, type GalleryImage, type ImageStatus } from "../../api/gallery";
import { useKeymap } from "../../editor/keymap";
import type { Action } from "../../editor/keys";
import type { Sheet } from "../../editor/workbook";
import { useWords } from "../../i18n/language";
import { ImageStrip } from "./ImageStrip";
import { SaveState } from "./SaveState";
import type { Shown, Strip } from "./useStrip";

interface Props {
  readonly projectId: string;
  readonly strip: Strip;
  readonly place: number;
  readonly imageId: string;
  readonly sheets: ReadonlyMap<string, Sheet>;
  readonly status: Shown;
  readonly statusOf: (image: GalleryImage) => ImageStatus;
  readonly onStatus: (status: Shown) => void;
  readonly onOpen: (imageId: string) => void;
  readonly onStep: (by: 1 | -1) => void;
  readonly onNextUnlabelled: () => void;
  /** Null where nothing is known of what a version was unsure of. */
  readonly onNextUnsure: (() => void) | null;
}

/** Where one is, where one can go, and whether the work is safe. */
export function Foot(props: Props): ReactNode {
  const { projectId, strip, place, imageId, sheets, status, statusOf, onStatus, onOpen, onStep, onNextUnlabelled, onNextUnsure } = props;
  const words = useWords();
  const { named } = useKeymap();
  const sheet = sheets.get(imageId);
  const waits = (id: string): boolean => {
    const saving = sheets.get(id)?.saving.is;
    return saving !== undefined && saving !== "saved";
  };
  const go = (action: Action, icon: ReactNode, on: () => void, disabled = false) => (
    <Button
      icon={icon}
      disabled={disabled}
      title={named(words.editor.actions[action], action)}
      aria-label={words.editor.actions[action]}
      onClick={on}
    />
  );
  return (
    <div className="foot">
      <div className="foot-where">
        <Select<Shown>
          size="small"
          value={status}
          aria-label={words.annotate.filter}
          popupMatchSelectWidth={140}
          onChange={onStatus}
          options={[
            { value: "", label: words.common.all },
            ...IMAGE_STATUSES.map((value) => ({ value, label: words.imageStatus[value] })),
            { label: words.annotate.review, title: words.annotate.review, options: REVIEW_STATES.map((value) => ({ value, label: words.reviewState[value] })) },
          ]}
        />
        <Space.Compact size="small">
          {go("previous", <LeftOutlined />, () => onStep(-1), place <= 0)}
          {go("next", <RightOutlined />, () => onStep(1), place + 1 >= strip.total)}
          {go("next unlabelled", <StepForwardOutlined />, onNextUnlabelled)}
          {onNextUnsure !== null && go("next unsure", <QuestionOutlined />, onNextUnsure)}
        </Space.Compact>
      </div>
      <ImageStrip
        projectId={projectId}
        strip={strip}
        current={imageId}
        statusOf={statusOf}
        waits={waits}
        onOpen={onOpen}
      />
      <div className="foot-state">
        {sheet !== undefined && <SaveState saving={sheet.saving} />}
        <span className="secondary">{place >= 0 && words.annotate.placeOf(place + 1, strip.total)}</span>
      </div>
    </div>
  );
}
