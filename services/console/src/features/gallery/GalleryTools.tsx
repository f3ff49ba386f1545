import {
  AppstoreOutlined,
  BarsOutlined,
  BorderInnerOutlined,
  CloudUploadOutlined,
  DeleteOutlined,
  FileZipOutlined,
} from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm, Segmented, Space } from "antd";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { deleteImages } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { useProject } from "../projects/useProject";
import type { GalleryView } from "./filters";

export type Display = "table" | "grid";

interface Props {
  readonly view: GalleryView;
  readonly display: Display;
  readonly chosen: readonly string[];
  readonly onUpload: (mode: "images" | "annotated") => void;
  readonly onDisplay: (display: Display) => void;
  readonly onParents: (parents: boolean) => void;
  readonly onDeleted: () => void;
}

/** What can be done with images, and how they are listed. */
export function GalleryTools(props: Props): ReactNode {
  const { view, display, chosen, onUpload, onDisplay, onParents, onDeleted } = props;
  const words = useWords();
  const project = useProject();
  const go = useNavigate();
  return (
    <div className="list-tools">
      <Space wrap>
        <Button type="primary" icon={<CloudUploadOutlined />} onClick={() => onUpload("images")}>
          {project.tiling === null ? words.gallery.upload : words.gallery.uploadAndTile}
        </Button>
        <Button icon={<FileZipOutlined />} onClick={() => onUpload("annotated")}>
          {words.gallery.uploadAnnotated}
        </Button>
        <DeleteChosen projectId={project.id} chosen={chosen} onDone={onDeleted} />
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

interface DeleteProps {
  readonly projectId: string;
  readonly chosen: readonly string[];
  readonly onDone: () => void;
}

function DeleteChosen({ projectId, chosen, onDone }: DeleteProps): ReactNode {
  const words = useWords();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const deletion = useMutation({
    mutationFn: () => deleteImages(projectId, chosen),
    onSuccess: async () => {
      void message.success(words.gallery.deleted(chosen.length));
      onDone();
      await queries.invalidateQueries({ queryKey: ["images", projectId] });
    },
    onError: (error) => void message.error(error.message),
  });
  return (
    <Popconfirm
      title={words.gallery.deleteSure(chosen.length)}
      description={words.gallery.deleteConsequence}
      okText={words.common.delete}
      okButtonProps={{ danger: true }}
      disabled={chosen.length === 0}
      onConfirm={() => deletion.mutate()}
    >
      <Button danger icon={<DeleteOutlined />} disabled={chosen.length === 0} loading={deletion.isPending}>
        {chosen.length === 0 ? words.common.delete : words.gallery.deleteChosen(chosen.length)}
      </Button>
    </Popconfirm>
  );
}
