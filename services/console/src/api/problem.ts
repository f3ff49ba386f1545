/** The platform's one shape of error (RFC 9457 problem+json) as an exception. */

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export class Problem extends Error {
  /** Last part of the problem's type: the key of the closed catalogue of errors. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly fields: readonly FieldError[];

  constructor(body: {
    code: string;
    status: number;
    title: string;
    detail?: string;
    fields?: readonly FieldError[];
  }) {
    super(body.detail ?? body.title);
    this.code = body.code;
    this.status = body.status;
    this.title = body.title;
    this.detail = body.detail ?? "";
    this.fields = body.fields ?? [];
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    const { field, message } = entry as Record<string, unknown>;
    const said = text(message);
    return said === undefined ? [] : [{ field: text(field) ?? "", message: said }];
  });
}

/** Read a problem out of a decoded body; a body of another shape becomes a plain one of that status. */
export function problemFrom(status: number, body: unknown): Problem {
  const members = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const type = text(members["type"]) ?? "unknown";
  const detail = text(members["detail"]);
  return new Problem({
    code: type.split(/[/:#]/).at(-1) ?? "unknown",
    status,
    title: text(members["title"]) ?? `HTTP ${status}`,
    ...(detail === undefined ? {} : { detail }),
    fields: fieldErrors(members["errors"]),
  });
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A proxy's HTML page or an empty body: the status alone has to do.
  }
  return problemFrom(response.status, body);
}

/** Whatever was thrown, as a Problem: a failed fetch means that the platform cannot be reached. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new Problem({
    code: error instanceof TypeError ? "unreachable" : "unexpected",
    status: 0,
    title: "",
    detail,
  });
}
