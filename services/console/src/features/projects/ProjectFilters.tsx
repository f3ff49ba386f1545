import { Segmented, Select } from "antd";
import Input from "antd/es/input/Input";
import type { ReactNode } from "react";
import { TASKS, type Task } from "../../api/workspace";
import { useWords } from "../../i18n/language";
import { useTyped } from "../../ui/useTyped";
import { SORTS, type ProjectSort, type ProjectsView } from "./projectsView";

interface Props {
  readonly view: ProjectsView;
  readonly onView: (view: ProjectsView) => void;
}

/** The search of projects on one line; every choice counts at once, what is typed a moment later. */
export function ProjectFilters({ view, onView }: Props): ReactNode {
  const { projects: words, tasks } = useWords();
  const change = (part: Partial<ProjectsView>): void => onView({ ...view, page: 1, ...part });
  const [name, typeName] = useTyped(view.name, (text) => change({ name: text.trim() }));
  return (
    <search className="project-filters">
      <Input
        allowClear
        value={name}
        placeholder={words.find}
        aria-label={words.find}
        className="project-filter-name"
        onChange={(event) => typeName(event.target.value)}
      />
      <Select<Task>
        allowClear
        value={view.task}
        placeholder={words.task}
        aria-label={words.task}
        popupMatchSelectWidth={false}
        className="project-filter-task"
        onChange={(task: Task | undefined) => change({ task: task ?? null })}
        options={TASKS.map((task) => ({ value: task, label: tasks[task].name }))}
      />
      <Select<ProjectSort>
        value={view.sort}
        aria-label={words.sort}
        popupMatchSelectWidth={false}
        className="project-filter-sort"
        onChange={(sort) => change({ sort })}
        options={SORTS.map((sort) => ({ value: sort, label: words.sorts[sort] }))}
      />
      <Segmented
        value={view.archived ? "archived" : "active"}
        aria-label={words.shown}
        onChange={(shown) => change({ archived: shown === "archived" })}
        options={[
          { value: "active", label: words.active },
          { value: "archived", label: words.archived },
        ]}
      />
    </search>
  );
}
