import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Popconfirm, Space, Steps, Tooltip } from "antd";
import { useState, type ReactNode } from "react";
import type { ImageLimits, SizeBounds } from "../../api/gallery";
import type { Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { TileGridPreview } from "../projects/TileGridPreview";
import { useImageLimits } from "../projects/useImageLimits";
import { useProject } from "../projects/useProject";
import { AnnotationUpload } from "./AnnotationUpload";
import { MEGABYTE } from "./limits";
import { UploadList } from "./UploadList";
import { summarise, type UploadSummary } from "./uploadQueue";
import { useUploads, type Uploads } from "./useUploads";

/** Stands for a limit until the gallery has told it. */
const UNKNOWN = "…";

interface Props {
  /** `images` uploads images; `annotated` takes images first, then their annotations. */
  readonly mode: "images" | "annotated" | null;
  readonly onClose: () => void;
}

export function UploadDialog({ mode, onClose }: Props): ReactNode {
  const project = useProject();
  if (mode === null) return null;
  return <OpenDialog key={project.id} mode={mode} onClose={onClose} />;
}

interface OpenProps {
  readonly mode: "images" | "annotated";
  readonly onClose: () => void;
}

function OpenDialog({ mode, onClose }: OpenProps): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const limits = useImageLimits();
  const uploads = useUploads(project.id, limits?.max_file_bytes);
  const [step, setStep] = useState(0);
  const summary = summarise(uploads.entries);
  const tiled = project.tiling !== null;
  const title = tiled ? words.gallery.uploadAndTile : words.gallery.upload;
  const inSteps = mode === "annotated" || step === 1;
  const close = (): void => {
    void queries.invalidateQueries({ queryKey: ["images", project.id] });
    onClose();
  };
  return (
    <Modal
      open
      width={720}
      style={{ top: 40 }}
      title={inSteps ? words.gallery.uploadAnnotated : title}
      mask={{ closable: false }}
      closable={summary.open === 0}
      keyboard={summary.open === 0}
      onCancel={close}
      footer={
        step === 1 ? null : (
          <ImagesFooter
            uploads={uploads}
            summary={summary}
            sendWord={title}
            mode={mode}
            tiled={tiled}
            onAnnotations={() => setStep(1)}
            onClose={close}
          />
        )
      }
    >
      {inSteps && (
        <Steps
          size="small"
          current={step}
          className="upload-steps"
          items={[{ title: words.gallery.stepImages }, { title: words.gallery.stepAnnotations }]}
        />
      )}
      {step === 0 ? (
        <>
          <UploadAdvice project={project} limits={limits} />
          <UploadList uploads={uploads} summary={summary} />
        </>
      ) : (
        <AnnotationUpload onClose={close} />
      )}
    </Modal>
  );
}

interface FooterProps {
  readonly uploads: Uploads;
  readonly summary: UploadSummary;
  readonly sendWord: string;
  readonly mode: "images" | "annotated";
  readonly tiled: boolean;
  readonly onAnnotations: () => void;
  readonly onClose: () => void;
}

/** Upload, Skip and Cancel; a tiled project skips nothing unless annotations are to follow. */
function ImagesFooter(props: FooterProps): ReactNode {
  const { uploads, summary, sendWord, mode, tiled, onAnnotations, onClose } = props;
  const words = useWords();
  if (summary.open > 0) {
    return (
      <Popconfirm
        title={words.gallery.stopSure(summary.open)}
        okText={words.gallery.stop}
        onConfirm={onClose}
      >
        <Button>{words.gallery.stop}</Button>
      </Popconfirm>
    );
  }
  const finished = summary.done > 0 && summary.picked === 0;
  if (finished && mode === "annotated") {
    return (
      <Button type="primary" onClick={onAnnotations}>
        {words.common.next}
      </Button>
    );
  }
  if (finished) {
    return (
      <Button type="primary" onClick={onClose}>
        {words.common.done}
      </Button>
    );
  }
  return (
    <Space>
      <Button onClick={onClose}>{words.common.cancel}</Button>
      {(mode === "annotated" || !tiled) && (
        <Tooltip title={words.gallery.skipHint}>
          <Button onClick={onAnnotations}>{words.common.skip}</Button>
        </Tooltip>
      )}
      <Button type="primary" disabled={summary.picked === 0} onClick={uploads.start} data-testid="upload-now">
        {summary.picked === 0 ? sendWord : words.gallery.sendPicked(sendWord, summary.picked)}
      </Button>
    </Space>
  );
}

interface AdviceProps {
  readonly project: Project;
  readonly limits: ImageLimits | undefined;
}

/** Its lines are there before the limits are, else the buttons below would move under the pointer. */
function UploadAdvice({ project, limits }: AdviceProps): ReactNode {
  const words = useWords();
  const tiled = project.tiling !== null;
  return (
    <div className="advice advice-body">
      <ul>
        <li>{words.gallery.limitFormat(limits === undefined ? UNKNOWN : limits.max_file_bytes / MEGABYTE)}</li>
        <li>{words.gallery.limitPixels(...ends(tiled ? limits?.tiled : limits?.plain))}</li>
        {tiled && <li>{words.gallery.limitTiles(...ends(limits?.tile))}</li>}
        <li>{words.gallery.limitRatio}</li>
        <li>{words.gallery.adviceCount}</li>
        <li>{words.gallery.adviceScene}</li>
      </ul>
      {project.tiling !== null && (
        <TileGridPreview rows={project.tiling.rows} columns={project.tiling.columns} />
      )}
    </div>
  );
}

/** "60 × 30", "30000 × 10000": an image may lie or stand. */
function ends(bounds: SizeBounds | undefined): [least: string, most: string] {
  if (bounds === undefined) return [UNKNOWN, UNKNOWN];
  const { least, most } = bounds;
  return [`${least.longer} × ${least.shorter}`, `${most.longer} × ${most.shorter}`];
}
