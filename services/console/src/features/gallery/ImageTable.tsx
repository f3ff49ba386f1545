import { Button, Space, Table } from "antd";
import type { TableColumnsType } from "antd";
import type { SortOrder } from "antd/es/table/interface";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { thumbnailPath, type GalleryImage } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { resolution, time } from "../../ui/format";
import { LabelCounts } from "../../ui/LabelCounts";
import { Thumbnail } from "../../ui/Thumbnail";
import { useLabelColours } from "../projects/useLabels";
import { useProject } from "../projects/useProject";
import { annotateAddress, SORTS, type ImageSort } from "./filters";
import { ImageState } from "./ImageState";

export interface ListingProps {
  readonly images: readonly GalleryImage[];
  readonly chosen: readonly string[];
  readonly onChoose: (ids: readonly string[]) => void;
  readonly onOpen: (image: GalleryImage) => void;
}

interface Props extends ListingProps {
  readonly loading: boolean;
  readonly sort: ImageSort;
  readonly onSort: (sort: ImageSort) => void;
}

function orderOf(sort: string, column: string): SortOrder {
  if (sort === column) return "ascend";
  return sort === `-${column}` ? "descend" : null;
}

export function ImageTable({ images, chosen, onChoose, onOpen, loading, sort, onSort }: Props): ReactNode {
  const words = useWords();
  const project = useProject();
  const colours = useLabelColours(project.id);
  const columns: TableColumnsType<GalleryImage> = [
    {
      key: "thumbnail",
      width: 68,
      render: (_, image) => (
        <Thumbnail
          path={thumbnailPath(project.id, image.id)}
          alt={image.name}
          onOpen={() => onOpen(image)}
        />
      ),
    },
    {
      title: words.gallery.name,
      dataIndex: "name",
      key: "name",
      sorter: true,
      sortOrder: orderOf(sort, "name"),
      render: (_, image) => (
        <span className="one-line" title={image.name}>
          {image.name}
        </span>
      ),
    },
    {
      title: words.gallery.status,
      key: "status",
      width: 120,
      render: (_, image) => <ImageState image={image} />,
    },
    {
      title: words.gallery.resolution,
      key: "resolution",
      width: 130,
      render: (_, image) => resolution(image.width, image.height),
    },
    {
      title: words.gallery.labelText,
      key: "labels",
      render: (_, image) => <LabelCounts labels={image.labels} colours={colours} />,
    },
    {
      title: words.gallery.uploadedAt,
      key: "uploaded_at",
      width: 180,
      sorter: true,
      sortOrder: orderOf(sort, "uploaded_at"),
      render: (_, image) => time(image.uploaded_at),
    },
    {
      title: words.common.actions,
      key: "actions",
      width: 140,
      render: (_, image) => (
        <Space size="middle">
          <Button type="link" size="small" className="cell-link" onClick={() => onOpen(image)}>
            {words.common.view}
          </Button>
          <Link to={annotateAddress(project.id, image.id)}>{words.annotate.annotate}</Link>
        </Space>
      ),
    },
  ];
  return (
    <Table<GalleryImage>
      rowKey="id"
      size="small"
      className="image-table"
      tableLayout="fixed"
      sortDirections={["ascend", "descend", "ascend"]}
      columns={columns}
      dataSource={images}
      loading={loading}
      pagination={false}
      showSorterTooltip={false}
      rowSelection={{
        selectedRowKeys: [...chosen],
        onChange: (keys) => onChoose(keys.map(String)),
        preserveSelectedRowKeys: true,
      }}
      onChange={(_, __, sorter) => {
        const { columnKey = "", order } = Array.isArray(sorter) ? (sorter[0] ?? {}) : sorter;
        const asked = `${order === "descend" ? "-" : ""}${String(columnKey)}`;
        onSort(SORTS.find((known) => known === asked) ?? sort);
      }}
    />
  );
}
