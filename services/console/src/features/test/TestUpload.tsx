import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Space } from "antd";
import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { UploadList } from "../gallery/UploadList";
import { summarise } from "../gallery/uploadQueue";
import { useUploads } from "../gallery/useUploads";
import { useImageLimits } from "../projects/useImageLimits";
import { useProject } from "../projects/useProject";

interface Props {
  /** Gets the ids of the images that arrived. */
  readonly onClose: (imageIds: readonly string[]) => void;
}

/** Test images go into the gallery like all others; they are only chosen for the test at once. */
export function TestUpload({ onClose }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const queries = useQueryClient();
  const uploads = useUploads(project.id, useImageLimits()?.max_file_bytes);
  const summary = summarise(uploads.entries);
  const close = (): void => {
    void queries.invalidateQueries({ queryKey: ["images", project.id] });
    onClose(uploads.entries.flatMap(({ image }) => (image === null ? [] : [image.id])));
  };
  return (
    <Modal
      open
      width={640}
      title={words.test.upload}
      mask={{ closable: false }}
      onCancel={close}
      footer={
        summary.picked > 0 && summary.open === 0 ? (
          <Space>
            <Button onClick={close}>{words.common.cancel}</Button>
            <Button type="primary" onClick={uploads.start} data-testid="upload-now">
              {words.gallery.sendPicked(words.gallery.upload, summary.picked)}
            </Button>
          </Space>
        ) : (
          <Button type="primary" disabled={summary.open > 0} onClick={close}>
            {summary.done > 0 ? words.test.useImages(summary.done) : words.common.cancel}
          </Button>
        )
      }
    >
      <UploadList uploads={uploads} summary={summary} />
    </Modal>
  );
}
