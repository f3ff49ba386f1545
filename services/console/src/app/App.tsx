import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import antEn from "antd/locale/en_US";
import antZhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";
import { RouterProvider } from "react-router";
import { Problem } from "../api/problem";
import { session, subscribe } from "../api/session";
import { SignInPage } from "../features/session/SignInPage";
import { useLanguage } from "../i18n/language";
import { AppearanceContext, initialAppearance, rememberAppearance } from "./appearance";
import { LanguageProvider } from "./LanguageProvider";
import { router } from "./routes";
import { antThemeOf, type Appearance } from "./theme";

/** A request the server has refused will be refused again; only a missing answer is worth a retry. */
function worthRetrying(failures: number, error: unknown): boolean {
  return failures < 2 && !(error instanceof Problem && error.status < 500);
}

const queries = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, staleTime: 5_000 } },
});

function Themed(): ReactNode {
  const { language } = useLanguage();
  const [appearance, setAppearance] = useState<Appearance>(initialAppearance);
  const signedIn = useSyncExternalStore(subscribe, session);
  const choice = useMemo(
    () => ({
      appearance,
      toggle: () => {
        const next = appearance === "dark" ? "light" : "dark";
        rememberAppearance(next);
        setAppearance(next);
      },
    }),
    [appearance],
  );

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset["appearance"] = appearance;
    dayjs.locale(language === "zh-CN" ? "zh-cn" : "en");
  }, [language, appearance]);
  useEffect(() => {
    if (signedIn === null) queries.clear();
  }, [signedIn]);

  return (
    <AppearanceContext value={choice}>
      <ConfigProvider
        locale={language === "zh-CN" ? antZhCN : antEn}
        theme={antThemeOf(appearance)}
        button={{ autoInsertSpace: false }}
      >
        <AntApp className="app">
          {signedIn === null ? <SignInPage /> : <RouterProvider router={router} />}
        </AntApp>
      </ConfigProvider>
    </AppearanceContext>
  );
}

export function App(): ReactNode {
  return (
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <Themed />
      </LanguageProvider>
    </QueryClientProvider>
  );
}
