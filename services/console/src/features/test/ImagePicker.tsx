import { Empty, Modal, Pagination, Segmented, Spin } from "antd";
import { useState, type ReactNode } from "react";
import { IMAGE_STATUSES, listImages, type ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { ImageGrid } from "../gallery/ImageGrid";
import { useProject } from "../projects/useProject";

const PAGE_SIZE = 12;

interface Props {
  readonly onClose: () => void;
  readonly onChosen: (imageIds: readonly string[]) => void;
}

/** Pick test images from the gallery; those nobody has annotated are offered first. */
export function ImagePicker({ onClose, onChosen }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const [status, setStatus] = useState<ImageStatus>("unlabelled");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const images = usePage({
    key: ["images", project.id, "picked", status],
    list: (page, size) => listImages(project.id, { status, page, page_size: size }),
    size: PAGE_SIZE,
  });
  const toggle = (id: string): void =>
    setChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <Modal
      open
      width={960}
      style={{ top: 24 }}
      title={words.test.choose}
      okText={words.test.useImages(chosen.length)}
      okButtonProps={{ disabled: chosen.length === 0 }}
      cancelText={words.common.cancel}
      onOk={() => onChosen(chosen)}
      onCancel={onClose}
    >
      <Segmented<ImageStatus>
        className="picker-status"
        value={status}
        onChange={setStatus}
        options={IMAGE_STATUSES.map((value) => ({ value, label: words.imageStatus[value] }))}
      />
      <div className="picker-body">
        {images.error !== null && <ProblemAlert error={images.error} onRetry={images.retry} />}
        {images.pending && <Spin />}
        {images.empty && <Empty description={words.gallery.noMatch} />}
        <ImageGrid
          images={images.items}
          chosen={chosen}
          onChoose={setChosen}
          onOpen={({ id }) => toggle(id)}
        />
      </div>
      <Pagination {...images.pager} align="end" showTotal={words.common.total} showSizeChanger={false} />
    </Modal>
  );
}
