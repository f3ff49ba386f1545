import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Popconfirm, Space, Steps } from "antd";
import { useState, type ReactNode } from "react";
import type { Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { TileGridPreview } from "../projects/TileGridPreview";
import { useProject } from "../projects/useProject";
import { AnnotationUpload } from "./AnnotationUpload";
import { MAX_BYTES, MEGABYTE, PLAIN_PIXELS, TILE_PIXELS, TILED_PIXELS } from "./limits";
import { UploadList } from "./UploadList";
import { summarise } from "./uploadQueue";
import { useUploads } from "./useUploads";

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
  const uploads = useUploads(project.id);
  const [step, setStep] = useState(0);
  const summary = summarise(uploads.entries);
  const tiled = project.tiling !== null;
  const title = tiled ? words.gallery.uploadAndTile : words.gallery.upload;
  const close = (): void => {
    void queries.invalidateQueries({ queryKey: ["images", project.id] });
    onClose();
  };
  return (
    <Modal
      open
      width={720}
      title={mode === "annotated" ? words.gallery.uploadAnnotated : title}
      mask={{ closable: false }}
      onCancel={close}
      footer={
        <Space>
          {mode === "annotated" && step === 0 && (
            <Button type="primary" disabled={summary.open > 0} onClick={() => setStep(1)}>
              {summary.total === 0 ? words.common.skip : words.common.next}
            </Button>
          )}
          <CloseButton open={summary.open} finished={step === 1 || (mode === "images" && summary.done > 0)} onClose={close} />
        </Space>
      }
    >
      {mode === "annotated" && (
        <Steps
          size="small"
          current={step}
          className="upload-steps"
          items={[{ title: words.gallery.stepImages }, { title: words.gallery.stepAnnotations }]}
        />
      )}
      {step === 0 ? (
        <>
          <UploadAdvice project={project} />
          <UploadList uploads={uploads} summary={summary} />
        </>
      ) : (
        <AnnotationUpload />
      )}
    </Modal>
  );
}

interface CloseProps {
  readonly open: number;
  readonly finished: boolean;
  readonly onClose: () => void;
}

function CloseButton({ open, finished, onClose }: CloseProps): ReactNode {
  const words = useWords();
  if (open === 0) {
    return (
      <Button type={finished ? "primary" : "default"} onClick={onClose}>
        {finished ? words.common.done : words.common.cancel}
      </Button>
    );
  }
  return (
    <Popconfirm title={words.gallery.stopSure(open)} okText={words.gallery.stop} onConfirm={onClose}>
      <Button>{words.gallery.stop}</Button>
    </Popconfirm>
  );
}

function UploadAdvice({ project }: { readonly project: Project }): ReactNode {
  const words = useWords();
  const tiled = project.tiling !== null;
  const limits = tiled ? TILED_PIXELS : PLAIN_PIXELS;
  return (
    <div className="advice advice-body">
      <ul>
        <li>{words.gallery.limitFormat(MAX_BYTES / MEGABYTE)}</li>
        <li>
          {words.gallery.limitPixels(
            `${limits.minWidth} × ${limits.minHeight}`,
            `${limits.maxWidth} × ${limits.maxHeight}`,
          )}
        </li>
        {tiled && (
          <li>
            {words.gallery.limitTiles(
              `${TILE_PIXELS.minWidth} × ${TILE_PIXELS.minHeight}`,
              `${TILE_PIXELS.maxWidth} × ${TILE_PIXELS.maxHeight}`,
            )}
          </li>
        )}
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
