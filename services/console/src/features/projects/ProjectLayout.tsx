import {
  BarChartOutlined,
  CheckCircleOutlined,
  DownloadOutlined,
  EditOutlined,
  ExperimentOutlined,
  PictureOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Menu, Skeleton, Tag } from "antd";
import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import { Link, Outlet, useLocation, useNavigate, useOutletContext, useParams } from "react-router";
import { getProject, type Project } from "../../api/workspace";
import { useWords, type Words } from "../../i18n/language";
import { time } from "../../ui/format";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { ProjectMenu } from "./ProjectMenu";
import "./projects.css";

/** Header and tabs of one project; its pages get the project through {@link useProject}. */
export function ProjectLayout(): ReactNode {
  const { projectId = "" } = useParams();
  const slot = useOutletContext<HTMLElement | null>();
  const project = useQuery({ queryKey: ["project", projectId], queryFn: () => getProject(projectId) });
  if (project.isError) {
    return (
      <div className="page">
        <ProblemAlert error={project.error} onRetry={() => void project.refetch()} />
      </div>
    );
  }
  return (
    <div className="page">
      {slot !== null && createPortal(<Header project={project.data} />, slot)}
      {project.data !== undefined && <Outlet context={project.data} />}
    </div>
  );
}

function Header({ project }: { readonly project: Project | undefined }): ReactNode {
  const words = useWords();
  const { pathname } = useLocation();
  const go = useNavigate();
  const { projectId = "" } = useParams();
  const page = pathname.split("/")[3] ?? "gallery";
  // Statistics and the advice on tiles belong to the gallery, the check of labels to what it is done before.
  const tab = { tiling: "gallery", statistics: "gallery", check: "train" }[page] ?? page;
  const entry = (key: keyof Words["tabs"], icon: ReactNode) => ({
    key,
    icon,
    label: <Link to={`/projects/${projectId}/${key}`}>{words.tabs[key]}</Link>,
  });
  return (
    <div className="project-head">
      <div className="project-title">
        {project === undefined ? (
          <Skeleton.Input active size="small" />
        ) : (
          <>
            <h1 className="project-name one-line" title={words.projects.createdAt(time(project.created_at))}>
              {project.name}
            </h1>
            <Tag color="cyan">{words.tasks[project.task].name}</Tag>
            {project.tiling !== null && (
              <Tag>{words.projects.grid(project.tiling.rows, project.tiling.columns)}</Tag>
            )}
            {project.archived_at !== null && <Tag>{words.projects.archived}</Tag>}
            <ProjectMenu project={project} onDeleted={() => void go("/")} />
          </>
        )}
      </div>
      <Menu
        mode="horizontal"
        selectedKeys={[tab]}
        className="project-tabs"
        items={[
          entry("gallery", <PictureOutlined />),
          entry("annotate", <EditOutlined />),
          entry("train", <ExperimentOutlined />),
          entry("report", <BarChartOutlined />),
          entry("test", <CheckCircleOutlined />),
          entry("download", <DownloadOutlined />),
        ]}
      />
    </div>
  );
}
