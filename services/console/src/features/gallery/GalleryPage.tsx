import {
  AppstoreOutlined,
  BarsOutlined,
  BorderInnerOutlined,
  CloudUploadOutlined,
  DeleteOutlined,
  FileZipOutlined,
} from "@ant-design/icons";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Empty, Pagination, Popconfirm, Segmented, Space } from "antd";
import { useState, type ReactNode } from "react";
import { Link, useSearchParams } from "react-router";
import { deleteImages, listImages, type GalleryImage } from "../../api/gallery";
import { useWords } from "../../i18n/language";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useProject } from "../projects/useProject";
import { GalleryFilters } from "./GalleryFilters";
import { NO_FILTERS, PAGE_SIZES, readView, toQuery, writeView, type GalleryView } from "./filters";
import { ImageDrawer } from "./ImageDrawer";
import { ImageGrid } from "./ImageGrid";
import { ImageTable } from "./ImageTable";
import { SummaryCards } from "./SummaryCards";
import { UploadDialog } from "./UploadDialog";

type Display = "table" | "grid";
/** Status, labels and tiles arrive a moment after the upload, by event. */
const REFRESH_MS = 4_000;
const DISPLAY_KEY = "loupe.gallery.display";

export function GalleryPage(): ReactNode {
  const words = useWords();
  const project = useProject();
  const [parameters, setParameters] = useSearchParams();
  const view = readView(parameters);
  const show = (next: GalleryView): void => setParameters(writeView(next), { replace: true });
  const [display, setDisplay] = useState<Display>(() =>
    localStorage.getItem(DISPLAY_KEY) === "grid" ? "grid" : "table",
  );
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [dialog, setDialog] = useState<"images" | "annotated" | null>(null);

  const query = toQuery(view);
  const images = useQuery({
    queryKey: ["images", project.id, query],
    queryFn: () => listImages(project.id, query),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const rows = images.data?.items ?? [];
  const total = images.data?.total ?? 0;
  const filtered = writeView({ ...view, page: 1, pageSize: 10, image: "" }).size > 0;
  const open = (image: string): void => show({ ...view, image });
  const listing = {
    images: rows,
    chosen,
    onChoose: setChosen,
    onOpen: ({ id }: GalleryImage) => open(id),
  };

  return (
    <>
      <SummaryCards
        projectId={project.id}
        status={view.filters.status}
        onStatus={(status) => show({ ...view, filters: { ...view.filters, status }, page: 1 })}
        refreshMs={REFRESH_MS}
      />
      <Card className="filter-card" size="small">
        <GalleryFilters
          key={JSON.stringify(view.filters)}
          projectId={project.id}
          filters={view.filters}
          onQuery={(filters) => show({ ...view, filters, page: 1 })}
          onReset={() => show({ ...view, filters: NO_FILTERS, page: 1 })}
        />
      </Card>
      <Card
        className="list-card"
        title={
          <Space>
            <Button type="primary" icon={<CloudUploadOutlined />} onClick={() => setDialog("images")}>
              {project.tiling === null ? words.gallery.upload : words.gallery.uploadAndTile}
            </Button>
            <Button icon={<FileZipOutlined />} onClick={() => setDialog("annotated")}>
              {words.gallery.uploadAnnotated}
            </Button>
            <DeleteChosen projectId={project.id} chosen={chosen} onDone={() => setChosen([])} />
          </Space>
        }
        extra={
          <Space>
            {project.tiling !== null && (
              <Segmented<boolean>
                value={view.parents}
                onChange={(parents) => {
                  setChosen([]);
                  show({ ...view, parents, page: 1 });
                }}
                options={[
                  { value: false, label: words.gallery.asTiles },
                  { value: true, label: words.gallery.asWhole },
                ]}
              />
            )}
            <Link to={`/projects/${project.id}/tiling`}>
              <Button icon={<BorderInnerOutlined />}>{words.tiling.title}</Button>
            </Link>
            <Segmented<Display>
            value={display}
            onChange={(next) => {
              localStorage.setItem(DISPLAY_KEY, next);
              setDisplay(next);
            }}
            options={[
              { value: "table", icon: <BarsOutlined />, title: words.gallery.asTable },
              { value: "grid", icon: <AppstoreOutlined />, title: words.gallery.asGrid },
            ]}
            />
          </Space>
        }
      >
        {images.isError ? (
          <ProblemAlert error={images.error} onRetry={() => void images.refetch()} />
        ) : (
          <>
            {!images.isPending && total === 0 ? (
              <Empty
                className="list-empty"
                description={filtered ? words.gallery.noMatch : words.gallery.none}
              >
                {!filtered && (
                  <Button type="primary" onClick={() => setDialog("images")}>
                    {words.gallery.uploadFirst}
                  </Button>
                )}
              </Empty>
            ) : display === "table" ? (
              <ImageTable
                {...listing}
                loading={images.isFetching && images.isPlaceholderData}
                pending={images.isPending}
                sort={view.sort}
                onSort={(sort) => show({ ...view, sort, page: 1 })}
              />
            ) : (
              <ImageGrid {...listing} />
            )}
            <Pagination
              className="list-pager"
              align="end"
              current={view.page}
              pageSize={view.pageSize}
              total={total}
              showTotal={words.common.total}
              showSizeChanger
              showQuickJumper
              pageSizeOptions={PAGE_SIZES}
              onChange={(page, pageSize) =>
                show({ ...view, page: pageSize === view.pageSize ? page : 1, pageSize })
              }
            />
          </>
        )}
      </Card>
      <ImageDrawer imageId={view.image} onOpen={open} onClose={() => open("")} />
      <UploadDialog mode={dialog} onClose={() => setDialog(null)} />
    </>
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
