"""A container's health check: does the HTTP face answer? A worker without one needs none."""

import os
import sys
import urllib.request


def main() -> int:
    """Return 0 when `/healthz` answers 200, or when this container has no HTTP face."""
    first = open("/proc/1/cmdline", "rb").read().split(b"\0")  # noqa: SIM115
    if b"work" in first and b"api" not in first:
        return 0
    port = os.environ.get("LOUPE_PORT", "8080")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=4) as answer:
        return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
