import { QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import antEn from "antd/locale/en_US";
import antZhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { RouterProvider } from "react-router";
import { standing, subscribe } from "../api/session";
import { SessionEnded } from "../features/session/SessionEnded";
import { SignInPage } from "../features/session/SignInPage";
import { useLanguage } from "../i18n/language";
import { AppearanceContext, initialAppearance, rememberAppearance } from "../ui/appearance";
import { antThemeOf, type Appearance } from "../ui/theme";
import { ConnectionStrip } from "./ConnectionStrip";
import { LanguageProvider } from "./LanguageProvider";
import { queryClient } from "./queries";
import { router } from "./routes";

const queries = queryClient();

function Themed(): ReactNode {
  const { language } = useLanguage();
  const [appearance, setAppearance] = useState<Appearance>(initialAppearance);
  const { session, ended } = useSyncExternalStore(subscribe, standing);
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
  useForgetting(session?.tenant ?? null);

  return (
    <AppearanceContext value={choice}>
      <ConfigProvider
        locale={language === "zh-CN" ? antZhCN : antEn}
        theme={antThemeOf(appearance)}
        button={{ autoInsertSpace: false }}
      >
        <AntApp className="app">
          <ConnectionStrip />
          {session === null ? <SignInPage /> : <RouterProvider router={router} />}
          <SessionEnded open={ended} />
        </AntApp>
      </ConfigProvider>
    </AppearanceContext>
  );
}

/** What one tenant has read is not shown to the next; nobody's pages are left open for him either. */
function useForgetting(tenant: string | null): void {
  const client = useQueryClient();
  const last = useRef(tenant);
  useEffect(() => {
    const before = last.current;
    last.current = tenant;
    if (before === null || before === tenant) return;
    client.clear();
    if (tenant !== null) void router.navigate("/");
  }, [tenant, client]);
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
