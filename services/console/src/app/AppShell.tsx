import { LogoutOutlined } from "@ant-design/icons";
import { Button, Layout, Tooltip } from "antd";
import { useState, useSyncExternalStore, type ReactNode } from "react";
import { Link, Outlet } from "react-router";
import { signOut, standing, subscribe } from "../api/session";
import { useWords } from "../i18n/language";
import { Brand } from "../ui/Brand";
import { Preferences } from "../ui/Preferences";

/** The tenant that a platform begins with: where there is no other, its name says nothing. */
const FIRST_TENANT = "default";

function TenantName(): ReactNode {
  const name = useSyncExternalStore(subscribe, standing).session?.tenantName ?? "";
  if (name === "" || name === FIRST_TENANT) return null;
  return (
    <span className="shell-tenant one-line" title={name} data-testid="tenant-name">
      {name}
    </span>
  );
}

export function AppShell(): ReactNode {
  const words = useWords();
  // A project writes its name and tabs into the frame, so that they take no height of the page.
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  return (
    <Layout className="shell">
      <Layout.Header className="shell-header">
        <Link to="/" className="brand-link" title={words.projects.title}>
          <Brand />
        </Link>
        <div className="shell-slot" ref={setSlot} />
        <div className="shell-tools">
          <TenantName />
          <Preferences />
          <Tooltip title={words.session.signOut}>
            <Button
              type="text"
              icon={<LogoutOutlined />}
              aria-label={words.session.signOut}
              onClick={signOut}
            />
          </Tooltip>
        </div>
      </Layout.Header>
      <Layout.Content className="shell-content">
        <Outlet context={slot} />
      </Layout.Content>
    </Layout>
  );
}
