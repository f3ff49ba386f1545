"""A container's health check: a fresh pulse where one is kept, else an HTTP face that answers.

A process without the role `api` keeps its pulse in LOUPE_PULSE_FILE (`shared/hosting/pulse.py`).
"""

import os
import sys
import time
import urllib.error
import urllib.request

_STALE_S = 30.0


def main() -> int:
    """Return 0 when the process is alive."""
    pulse = os.environ.get("LOUPE_PULSE_FILE", "")
    if pulse and os.path.exists(pulse):
        return 0 if time.time() - os.path.getmtime(pulse) < _STALE_S else 1
    port = os.environ.get("LOUPE_PORT", "8080")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.URLError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
