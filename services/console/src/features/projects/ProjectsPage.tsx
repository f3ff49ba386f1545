import { PlusOutlined } from "@ant-design/icons";
import { Button, Card, Empty, Pagination, Skeleton, Tag, Typography } from "antd";
import { useState, useSyncExternalStore, type ReactNode } from "react";
import { Link, useNavigate } from "react-router";
import { standing, subscribe } from "../../api/session";
import { listProjects, type Project } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { time } from "../../ui/format";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { usePage } from "../../ui/usePage";
import { CreateProjectDialog } from "./CreateProjectDialog";
import "./projects.css";

const PAGE_SIZE = 12;

export function ProjectsPage(): ReactNode {
  const words = useWords();
  const go = useNavigate();
  const role = useSyncExternalStore(subscribe, standing).session?.role ?? "admin";
  const [creating, setCreating] = useState(false);
  const projects = usePage({ key: ["projects"], list: listProjects, size: PAGE_SIZE });
  const create = (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {words.projects.create}
    </Button>
  );
  return (
    <div className="page">
      <PageHead title={words.projects.title} subtitle={words.projects.subtitle}>
        {role === "admin" && <Link to="/keys">{words.keys.title}</Link>}
        {role === "admin" && <Link to="/storage">{words.storage.title}</Link>}
        {create}
      </PageHead>
      {projects.error !== null && <ProblemAlert error={projects.error} onRetry={projects.retry} />}
      {projects.pending && <Waiting />}
      {projects.empty && (
        <Card className="empty-card">
          <Empty description={words.projects.none}>{create}</Empty>
        </Card>
      )}
      <div className="project-grid">
        {projects.items.map((project) => (
          <ProjectCard key={project.id} project={project} />
        ))}
      </div>
      {projects.total > PAGE_SIZE && (
        <Pagination {...projects.pager} align="end" showTotal={words.common.total} showSizeChanger={false} />
      )}
      <CreateProjectDialog
        open={creating}
        onClose={() => setCreating(false)}
        onCreated={(project) => void go(`/projects/${project.id}/gallery`)}
      />
    </div>
  );
}

function Waiting(): ReactNode {
  return (
    <div className="project-grid">
      {[1, 2, 3].map((place) => (
        <Card key={place}>
          <Skeleton active paragraph={{ rows: 2 }} />
        </Card>
      ))}
    </div>
  );
}

function ProjectCard({ project }: { readonly project: Project }): ReactNode {
  const words = useWords();
  return (
    <Link to={`/projects/${project.id}/gallery`} className="project-link">
      <Card hoverable className="project-card">
        <div className="project-card-head">
          <Typography.Title level={5} ellipsis={{ tooltip: project.name }}>
            {project.name}
          </Typography.Title>
          <Tag color="cyan">{words.tasks[project.task].name}</Tag>
        </div>
        <Typography.Paragraph type="secondary" ellipsis={{ rows: 2 }} className="project-card-notes">
          {project.notes === "" ? words.projects.noNotes : project.notes}
        </Typography.Paragraph>
        <div className="project-card-foot">
          <span>{time(project.created_at)}</span>
          {project.tiling !== null && (
            <Tag>{words.projects.grid(project.tiling.rows, project.tiling.columns)}</Tag>
          )}
        </div>
      </Card>
    </Link>
  );
}
