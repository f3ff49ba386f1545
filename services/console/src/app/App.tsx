import { QueryClientProvider, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from "react";
import { RouterProvider, type createMemoryRouter } from "react-router";
import { standing, subscribe } from "../api/session";
import { useLanguage, type Spoken } from "../i18n/language";
import { AppearanceContext, initialAppearance, rememberAppearance } from "../ui/appearance";
import { antThemeOf, type Appearance } from "../ui/theme";
import { ConnectionStrip } from "./ConnectionStrip";
import { LanguageProvider } from "./LanguageProvider";

const SignInPage = lazy(async () => ({ default: (await import("../features/session/SignInPage")).SignInPage }));
const SessionEnded = lazy(async () => ({ default: (await import("../features/session/SessionEnded")).SessionEnded }));

type Router = ReturnType<typeof createMemoryRouter>;

function Themed({ router }: { readonly router: Router }): ReactNode {
  const { language, components } = useLanguage();
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
  }, [language, appearance]);
  useForgetting(session?.tenant ?? null, router);

  return (
    <AppearanceContext value={choice}>
      <ConfigProvider
        locale={components}
        theme={antThemeOf(appearance)}
        button={{ autoInsertSpace: false }}
      >
        <AntApp className="app">
          <ConnectionStrip />
          {session === null ? (
            <Suspense>
              <SignInPage />
            </Suspense>
          ) : (
            <RouterProvider router={router} />
          )}
          <Suspense>{ended && <SessionEnded />}</Suspense>
        </AntApp>
      </ConfigProvider>
    </AppearanceContext>
  );
}

/** What one tenant has read is not shown to the next; nobody's pages are left open for him either. */
function useForgetting(tenant: string | null, router: Router): void {
  const client = useQueryClient();
  const last = useRef(tenant);
  useEffect(() => {
    const before = last.current;
    last.current = tenant;
    if (before === null || before === tenant) return;
    client.clear();
    if (tenant !== null) void router.navigate("/");
  }, [tenant, client, router]);
}

interface Props {
  /** Where the reader is: the browser's address, or a place in memory. */
  readonly router: Router;
  readonly queries: QueryClient;
  readonly spoken: Spoken;
}

export function App({ router, queries, spoken }: Props): ReactNode {
  return (
    <QueryClientProvider client={queries}>
      <LanguageProvider first={spoken}>
        <Themed router={router} />
      </LanguageProvider>
    </QueryClientProvider>
  );
}
