"""Writes `.env` for docker compose with fresh secrets; one that is there is kept."""

import json
import os
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from services.workspace.domain.api_keys import make_key

SERVICES = json.loads(Path(__file__).with_name("access.json").read_text())
LOCAL = {
    "LOUPE_KAFKA_IMAGE": "loupe/kafka:local",
    "LOUPE_MONGO_IMAGE": "loupe/documents:local",
    "LOUPE_MONGO_USER": "10001:10001",
    "LOUPE_INFERENCE_BACKEND": "python",
    "LOUPE_MINIO_ROOT_DISK": "1",
}


def settings(*, local: bool) -> dict[str, str]:
    """Return every variable without a default; with `local` the images without a registry too."""
    return {
        "LOUPE_WORKSPACE_ADMIN_KEY": make_key().text,
        "LOUPE_MONGO_KEY": secrets.token_hex(32),
        "LOUPE_S3_ROOT_USER": f"loupe-{secrets.token_hex(6)}",
        "LOUPE_S3_ROOT_PASSWORD": secrets.token_hex(20),
        **{f"LOUPE_PASSWORD_{name.upper()}": secrets.token_hex(20) for name in SERVICES},
        **(LOCAL if local else {}),
    }


def main(arguments: list[str]) -> int:
    """Write the file with mode 0600."""
    target = Path(".env")
    if target.exists():
        sys.stdout.write(f"{target} is there already; remove it to make new secrets\n")
        return 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        for name, value in settings(local="--local" in arguments).items():
            file.write(f"{name}={value}\n")
    sys.stdout.write(f"wrote {target}: the first API key is LOUPE_WORKSPACE_ADMIN_KEY in it\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
