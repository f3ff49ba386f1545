import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createBrowserRouter } from "react-router";
import { App } from "./app/App";
import { queryClient } from "./app/queries";
import { routes } from "./app/routes";
import { nonceStyles } from "./app/styleNonce";
import { initialLanguage, loadLanguage } from "./i18n/language";
import "./app/app.css";

nonceStyles();

const language = initialLanguage();
document.documentElement.lang = language;
const spoken = await loadLanguage(language);
const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App router={createBrowserRouter(routes)} queries={queryClient()} spoken={spoken} />
  </StrictMode>,
);
