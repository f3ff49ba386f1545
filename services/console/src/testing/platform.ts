/** A platform at the HTTP boundary: each test says what it answers; what no test has said is an error. */
import { http, HttpResponse, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";

export const server = setupServer();

type Answer = object | ((request: Request) => Response | Promise<Response>);

/** Let `GET /api/...` (and other methods) answer; later calls win over earlier ones. */
export function answers(routes: Readonly<Record<string, Answer>>): void {
  server.use(
    ...Object.entries(routes).map(([route, answer]) => {
      const [method = "", path = ""] = route.split(" ");
      const resolver = ({ request }: { request: Request }) =>
        typeof answer === "function"
          ? (answer as (request: Request) => Response | Promise<Response>)(request)
          : HttpResponse.json(answer as JsonBodyType);
      return http[method.toLowerCase() as "get" | "post" | "put" | "patch" | "delete"](`*${path}`, resolver);
    }),
  );
}

export function problem(status: number, code: string, detail = ""): Response {
  const body = { type: `https://loupe.dev/problems/${code}`, title: code, status, detail, errors: [] };
  return HttpResponse.json(body, { status, headers: { "Content-Type": "application/problem+json" } });
}

/** Whatever is asked for is refused. */
export function refusesEverything(): void {
  server.use(http.all("*", () => problem(409, "conflict")));
}

/** One page of a list that has no others. */
export function pageOf<T>(...items: T[]) {
  return { items, total: items.length, page: 1, page_size: 50, next_cursor: null };
}

/** What cards of projects ask for: 62 images, of which 56 are annotated or tested, and no training. */
export const CARDS = {
  "GET /api/gallery/projects/:id/images": pageOf(),
  "GET /api/gallery/projects/:id/summary": { total: 62, labelled: 50, unlabelled: 6, tested: 6, recommended: 30 },
  "GET /api/trainer/projects/:id/trainings": pageOf(),
};
