import { Navigate, type RouteObject } from "react-router";
import { ProjectLayout } from "../features/projects/ProjectLayout";
import { AppShell } from "./AppShell";
import { CrashPage } from "./CrashPage";

// Each feature is a chunk of its own, so that no page waits for what another one needs.
const projects = async () => ({ Component: (await import("../features/projects/ProjectsPage")).ProjectsPage });
const storage = async () => ({ Component: (await import("../features/administration/StoragePage")).StoragePage });
const keys = async () => ({ Component: (await import("../features/administration/KeysPage")).KeysPage });
const audit = async () => ({ Component: (await import("../features/administration/AuditPage")).AuditPage });
const quotas = async () => ({ Component: (await import("../features/administration/QuotasPage")).QuotasPage });
const webhooks = async () => ({ Component: (await import("../features/administration/WebhooksPage")).WebhooksPage });
const notFound = async () => ({ Component: (await import("./NotFoundPage")).NotFoundPage });
const gallery = async () => ({ Component: (await import("../features/gallery/GalleryPage")).GalleryPage });
const annotate = async () => ({ Component: (await import("../features/annotate/AnnotatePage")).AnnotatePage });
const statistics = async () => ({
  Component: (await import("../features/statistics/StatisticsPage")).StatisticsPage,
});
const check = async () => ({ Component: (await import("../features/check/CheckPage")).CheckPage });
const train = async () => ({ Component: (await import("../features/train/TrainPage")).TrainPage });
const report = async () => ({ Component: (await import("../features/report/ReportPage")).ReportPage });
const test = async () => ({ Component: (await import("../features/test/TestPage")).TestPage });
const download = async () => ({ Component: (await import("../features/download/DownloadPage")).DownloadPage });
const tiling = async () => ({ Component: (await import("../features/tiling/TilingPage")).TilingPage });

/*
 * A feature gets its route and its tab (features/projects/ProjectLayout.tsx) when its screens exist.
 */
export const routes: RouteObject[] = [
  {
    element: <AppShell />,
    hydrateFallbackElement: <></>,
    errorElement: <CrashPage />,
    children: [
      { path: "/", lazy: projects, errorElement: <CrashPage /> },
      {
        path: "/projects/:projectId",
        element: <ProjectLayout />,
        errorElement: <CrashPage />,
        children: [
          {
            // A page that fails leaves the frame and the tabs as they are.
            errorElement: <CrashPage />,
            children: [
              { index: true, element: <Navigate to="gallery" replace /> },
              { path: "gallery", lazy: gallery },
              { path: "annotate", lazy: annotate },
              { path: "annotate/:imageId", lazy: annotate },
              { path: "tiling", lazy: tiling },
              { path: "statistics", lazy: statistics },
              { path: "check", lazy: check },
              { path: "train/:trainingId?", lazy: train }, // one training opens over the page, which stays
              { path: "report", lazy: report },
              { path: "report/:version", lazy: report },
              { path: "test", lazy: test },
              { path: "download", lazy: download },
            ],
          },
        ],
      },
      { path: "/storage", lazy: storage, errorElement: <CrashPage /> },
      { path: "/keys", lazy: keys, errorElement: <CrashPage /> },
      { path: "/quotas", lazy: quotas, errorElement: <CrashPage /> },
      { path: "/webhooks", lazy: webhooks, errorElement: <CrashPage /> },
      { path: "/audit", lazy: audit, errorElement: <CrashPage /> },
      { path: "*", lazy: notFound },
    ],
  },
];
