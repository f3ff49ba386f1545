import { PlusOutlined } from "@ant-design/icons";
import { Button, Card, Empty, Pagination, Skeleton } from "antd";
import { useState, type ReactNode } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { listProjects } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { PageHead } from "../../ui/PageHead";
import { ProblemAlert } from "../../ui/ProblemAlert";
import { useMay } from "../../ui/useMay";
import { usePage } from "../../ui/usePage";
import { CreateProjectDialog } from "./CreateProjectDialog";
import { ProjectCard } from "./ProjectCard";
import { ProjectFilters } from "./ProjectFilters";
import { ALL_PROJECTS, narrows, readProjectsView, toProjectQuery, writeProjectsView, type ProjectsView } from "./projectsView";
import "./projects.css";

const PAGE_SIZE = 12;
/** Others make, rename and archive projects too. */
const REFRESH_MS = 15_000;

export function ProjectsPage(): ReactNode {
  const words = useWords();
  const go = useNavigate();
  const manages = useMay("admin");
  const may = useMay("engineer");
  const [creating, setCreating] = useState(false);
  const [parameters, setParameters] = useSearchParams();
  const view = readProjectsView(parameters);
  const show = (next: ProjectsView): void => setParameters(writeProjectsView(next), { replace: true });
  const query = toProjectQuery(view);
  const projects = usePage({
    key: ["projects", query],
    list: (page, size) => listProjects(query, page, size),
    place: { page: view.page, size: PAGE_SIZE, turn: (page) => show({ ...view, page }) },
    refreshMs: REFRESH_MS,
  });
  const create = may && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
      {words.projects.create}
    </Button>
  );
  return (
    <div className="page">
      <PageHead title={words.projects.title} subtitle={words.projects.subtitle}>
        {manages && <Link to="/keys">{words.keys.title}</Link>}
        {manages && <Link to="/storage">{words.storage.title}</Link>}
        {create}
      </PageHead>
      {projects.error !== null && <ProblemAlert error={projects.error} onRetry={projects.retry} />}
      {projects.pending && <Waiting />}
      {(narrows(view) || projects.total > 0) && <ProjectFilters view={view} onView={show} />}
      {projects.empty && (
        <Card className="empty-card">
          {narrows(view) ? (
            <Empty description={view.archived && view.name === "" ? words.projects.noneArchived : words.projects.noneFound}>
              <Button onClick={() => show(ALL_PROJECTS)}>{words.projects.showAll}</Button>
            </Empty>
          ) : (
            <Empty description={words.projects.none}>
              {create}
              <Button type="link" onClick={() => show({ ...ALL_PROJECTS, archived: true })}>
                {words.projects.showArchived}
              </Button>
            </Empty>
          )}
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
