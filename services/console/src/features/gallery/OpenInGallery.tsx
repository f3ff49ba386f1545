import type { ReactNode } from "react";
import { Navigate, useParams } from "react-router";
import { imageAddress } from "./filters";

/** Until annotation has screens of its own, its addresses open the image with its marks in the gallery. */
export function OpenInGallery(): ReactNode {
  const { projectId = "", imageId = "" } = useParams();
  return <Navigate to={imageAddress(projectId, imageId)} replace />;
}
