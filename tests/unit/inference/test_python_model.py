"""The stub of a killed server ends, even when its interpreter is frozen."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.inference.adapters.triton import launcher

_SOURCE = Path(launcher.__file__).with_name("python_model.py")
_PROGRAM = """
import ctypes, importlib.util, os, sys, threading, time, types
os.environ["LOUPE_TRITON_SITE_PACKAGES"] = ""
sys.modules["triton_python_backend_utils"] = types.ModuleType("triton_python_backend_utils")
spec = importlib.util.spec_from_file_location("model", sys.argv[1])
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
model._FROZEN_S = 1.0
server = os.getppid() if sys.argv[2] != "gone" else -1
threading.Thread(target=model._end_with_server, args=(server,), daemon=True).start()
time.sleep(0.2)
if sys.argv[2] == "frozen":
    ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the interpreter's lock
time.sleep(3)
"""


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("alive", 0),  # the server lives and Python runs: nothing happens
        ("frozen", 1),  # the timer that needs no lock ends it
        ("gone", -9),  # another parent: the server was killed
    ],
)
def test_stub_ends_when_it_must_and_only_then(state, status):
    command = [sys.executable, "-c", _PROGRAM, str(_SOURCE), state]
    assert subprocess.run(command, timeout=60).returncode == status
