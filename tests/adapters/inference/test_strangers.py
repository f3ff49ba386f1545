"""Another user of the machine cannot make the model server run its code."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.inference.adapters.triton.own_user import open_to_others
from tests.adapters.inference.bench import Bench, running_bench

NOBODY = 65_534
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")

# Root asks first, which shows that the way is right and loads all that it needs; then it becomes
# nobody and tries everything that the machine shows: sockets, ports, words, files, memory.
ATTACK = """
import glob, os, sys
from pathlib import Path
from tritonclient.grpc import InferenceServerClient

def controls(place, key=None):
    headers = {"triton-grpc-protocol-loupe": key} if key else None
    own = [("grpc.use_local_subchannel_pool", 1)]  # no connection that root has opened
    try:
        client = InferenceServerClient(place, channel_args=own)
        client.get_model_repository_index(headers=headers, client_timeout=3)
    except Exception:
        return False
    return True

pid, root, nobody = sys.argv[1], sys.argv[2], int(sys.argv[3])
files = [path for path in Path(root).parent.rglob("*") if path.is_file()]
if controls(f"unix:{root}/socket/grpc:1") and files:
    print("root controls it")
os.setgroups([]); os.setgid(nobody); os.setuid(nobody)
words = Path(f"/proc/{pid}/cmdline").read_text().split("\\0")
keys = [word.rsplit("=", 1)[1] for word in words if "restricted-protocol" in word]
ports = {int(line.split()[1].split(":")[1], 16)
         for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"}
for place in (f"unix:{root}/socket/grpc:1", *(f"127.0.0.1:{port}" for port in ports)):
    for key in (None, *keys):
        if controls(place, key):
            print("nobody controls it by", place)
for path in (*map(str, files), *glob.glob("/dev/shm/loupe_*"), f"/proc/{pid}/environ",
             *glob.glob(f"/proc/{pid}/root/dev/shm/*")):
    try:
        open(path, "rb").read(1)
        print("nobody reads", path)
    except OSError:
        pass
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that lies where everybody can go, unlike pytest's own."""
    root = Path(tempfile.mkdtemp(prefix="loupe-strangers-"))
    root.chmod(0o755)
    folder = root / "data"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(root)


@pytest.fixture
async def open_bench(data: Path) -> AsyncIterator[Bench]:
    async with running_bench(data / "triton") as bench:
        bench.publish()
        await bench.reconciler.reconcile()
        yield bench


def test_nobody_reaches_the_model_server_or_its_files(open_bench: Bench, data: Path) -> None:
    arguments = [str(open_bench.server.pid), str(data / "triton"), str(NOBODY)]
    attack = subprocess.run(
        [sys.executable, "-c", ATTACK, *arguments], capture_output=True, text=True
    )
    assert (attack.returncode, attack.stdout) == (0, "root controls it\n"), attack.stderr


def test_models_run_as_a_user_that_is_neither_root_nor_anybody(open_bench: Bench) -> None:
    server = open_bench.server.pid
    tasks = Path(f"/proc/{server}/task").iterdir()
    stubs = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    assert stubs
    for pid in (server, *stubs):
        assert "LOUPE_" not in Path(f"/proc/{pid}/environ").read_text().replace(
            "LOUPE_TRITON_SITE_PACKAGES", ""
        )
        status = Path(f"/proc/{pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        (uids,) = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
        if "0" in uids and not open_to_others(Path(sys.base_prefix)):
            pytest.skip(f"{sys.base_prefix} is closed to other users, so that root runs it")
        assert set(uids).isdisjoint({"0", str(NOBODY)})
