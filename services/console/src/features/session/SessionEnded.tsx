import { Button, Modal, Typography } from "antd";
import type { ReactNode } from "react";
import { signOut } from "../../api/session";
import { useWords } from "../../i18n/language";
import { SignInForm } from "./SignInForm";

/** Lies over the work when the session ends; behind it everything waits as it was. */
export function SessionEnded(): ReactNode {
  const words = useWords();
  return (
    <Modal
      open
      title={words.session.ended}
      width={420}
      zIndex={2000}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      destroyOnHidden
      footer={
        <Button type="link" onClick={signOut}>
          {words.session.signOut}
        </Button>
      }
    >
      <Typography.Paragraph type="secondary">{words.session.endedHint}</Typography.Paragraph>
      <SignInForm />
    </Modal>
  );
}
