import { createBrowserRouter, Navigate } from "react-router";
import { OpenInGallery } from "../features/gallery/OpenInGallery";
import { ProjectLayout } from "../features/projects/ProjectLayout";
import { ProjectsPage } from "../features/projects/ProjectsPage";
import { AppShell } from "./AppShell";
import { CrashPage } from "./CrashPage";
import { NotFoundPage } from "./NotFoundPage";

// Each feature is a chunk of its own, so that the projects page does not wait for the charts.
const gallery = async () => ({ Component: (await import("../features/gallery/GalleryPage")).GalleryPage });
const train = async () => ({ Component: (await import("../features/train/TrainPage")).TrainPage });
const report = async () => ({ Component: (await import("../features/report/ReportPage")).ReportPage });
const test = async () => ({ Component: (await import("../features/test/TestPage")).TestPage });
const tiling = async () => ({ Component: (await import("../features/tiling/TilingPage")).TilingPage });

/*
 * A feature gets its route and its tab (features/projects/ProjectLayout.tsx) when its screens exist.
 */
export const router = createBrowserRouter([
  {
    element: <AppShell />,
    hydrateFallbackElement: <></>,
    errorElement: <CrashPage />,
    children: [
      { path: "/", element: <ProjectsPage />, errorElement: <CrashPage /> },
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
              { path: "annotate/:imageId", element: <OpenInGallery /> },
              { path: "tiling", lazy: tiling },
              { path: "train", lazy: train },
              { path: "report", lazy: report },
              { path: "report/:version", lazy: report },
              { path: "test", lazy: test },
            ],
          },
        ],
      },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
]);
