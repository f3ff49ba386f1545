import { Alert, Button } from "antd";
import type { ReactNode } from "react";
import { asProblem, type Problem } from "../api/problem";
import { useWords, type Words } from "../i18n/language";

/** The problem's title in the reader's language where its code is known, else the server's own. */
export function problemTitle(problem: Problem, words: Words): string {
  const known: Record<string, string> = words.problems;
  return known[problem.code] ?? (problem.title === "" ? words.problems.unexpected : problem.title);
}

const FORBIDDEN = 403;

interface Props {
  readonly error: unknown;
  /** Offered unless the role may not do it: then the same is refused again. */
  readonly onRetry?: (() => void) | undefined;
  readonly className?: string;
}

/** A failed request: what happened, the server's detail and every field that is wrong. */
export function ProblemAlert({ error, onRetry, className }: Props): ReactNode {
  const words = useWords();
  const problem = asProblem(error);
  const title = problemTitle(problem, words);
  const detail = problem.detail === problem.title || problem.detail === title ? "" : problem.detail;
  return (
    <Alert
      type="error"
      showIcon
      {...(className === undefined ? {} : { className })}
      title={title}
      description={
        detail === "" && problem.fields.length === 0 ? null : (
          <>
            {detail}
            {problem.fields.length > 0 && (
              <ul className="problem-fields">
                {problem.fields.map(({ field, message }) => (
                  <li key={`${field} ${message}`}>
                    {field !== "" && <code>{field}</code>} {message}
                  </li>
                ))}
              </ul>
            )}
          </>
        )
      }
      action={
        onRetry !== undefined && problem.status !== FORBIDDEN && (
          <Button size="small" onClick={onRetry}>
            {words.common.retry}
          </Button>
        )
      }
    />
  );
}
