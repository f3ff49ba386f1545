import {
  AppstoreOutlined,
  BarChartOutlined,
  BarsOutlined,
  BorderInnerOutlined,
  CloudUploadOutlined,
  DeleteOutlined,
  FileZipOutlined,
  SwapOutlined,
} from "@ant-design/icons";
import { Button, Segmented, Space } from "antd";
import { lazy, Suspense, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import type { GalleryView } from "./filters";

const DeleteChosen = lazy(async () => ({ default: (await import("./DeleteChosen")).DeleteChosen }));

export type Display = "table" | "grid";

interface Props {
  readonly view: GalleryView;
  readonly display: Display;
  readonly chosen: readonly string[];
  readonly onUpload: (mode: "images" | "annotated") => void;
  readonly onTransfers: () => void;
  readonly onDisplay: (display: Display) => void;
  readonly onParents: (parents: boolean) => void;
  readonly onDeleted: () => void;
}

/** What can be done with images, and how they are listed. */
export function GalleryTools(props: Props): ReactNode {
  const { view, display, chosen, onUpload, onTransfers, onDisplay, onParents, onDeleted } = props;
  const words = useWords();
  const project = useProject();
  const go = useNavigate();
  const nothingChosen = (
    <Button danger icon={<DeleteOutlined />} disabled>
      {words.common.delete}
    </Button>
  );
  return (
    <div className="list-tools">
      <Space wrap>
        <Button type="primary" icon={<CloudUploadOutlined />} onClick={() => onUpload("images")}>
          {project.tiling === null ? words.gallery.upload : words.gallery.uploadAndTile}
        </Button>
        <Button icon={<FileZipOutlined />} onClick={() => onUpload("annotated")}>
          {words.gallery.uploadAnnotated}
        </Button>
        <Button icon={<SwapOutlined />} onClick={onTransfers}>
          {words.gallery.transfers}
        </Button>
        <Suspense fallback={nothingChosen}>
          {chosen.length === 0 ? (
            nothingChosen
          ) : (
            <DeleteChosen projectId={project.id} chosen={chosen} onDone={onDeleted} />
          )}
        </Suspense>
      </Space>
      <Space wrap>
        {project.tiling !== null && (
          <Segmented<boolean>
            value={view.parents}
            onChange={onParents}
            options={[
              { value: false, label: words.gallery.asTiles },
              { value: true, label: words.gallery.asWhole },
            ]}
          />
        )}
        <Button icon={<BarChartOutlined />} onClick={() => void go(`/projects/${project.id}/statistics`)}>
          {words.statistics.open}
        </Button>
        <Button icon={<BorderInnerOutlined />} onClick={() => void go(`/projects/${project.id}/tiling`)}>
          {words.tiling.title}
        </Button>
        <Segmented<Display>
          value={display}
          onChange={onDisplay}
          options={[
            { value: "table", icon: <BarsOutlined />, title: words.gallery.asTable },
            { value: "grid", icon: <AppstoreOutlined />, title: words.gallery.asGrid },
          ]}
        />
      </Space>
    </div>
  );
}
