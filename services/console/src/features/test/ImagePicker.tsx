import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Empty, Modal, Pagination, Segmented, Spin } from "antd";
import { useState, type ReactNode } from "react";
import { IMAGE_STATUSES, listImages, type ImageStatus } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
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
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const query = { status, page, page_size: PAGE_SIZE };
  const images = useQuery({
    queryKey: ["images", project.id, query],
    queryFn: () => listImages(project.id, query),
    placeholderData: keepPreviousData,
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
        onChange={(next) => {
          setStatus(next);
          setPage(1);
        }}
        options={IMAGE_STATUSES.map((value) => ({ value, label: words.imageStatus[value] }))}
      />
      <div className="picker-body">
        {images.isError && <ProblemAlert error={images.error} onRetry={() => void images.refetch()} />}
        {images.isPending && <Spin />}
        {images.data?.total === 0 && <Empty description={words.gallery.noMatch} />}
        <ImageGrid
          images={images.data?.items ?? []}
          chosen={chosen}
          onChoose={setChosen}
          onOpen={({ id }) => toggle(id)}
        />
      </div>
      <Pagination
        align="end"
        current={page}
        pageSize={PAGE_SIZE}
        total={images.data?.total ?? 0}
        showTotal={words.common.total}
        showSizeChanger={false}
        onChange={setPage}
      />
    </Modal>
  );
}
