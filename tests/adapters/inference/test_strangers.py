"""Another user of the machine cannot make the model server run its code."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.inference.adapters.triton import launcher
from services.inference.adapters.triton.binary import find_python_runtime
from services.inference.adapters.triton.own_user import Way, user_for, way_for
from services.inference.errors import TritonUnavailable
from tests.adapters.inference.bench import Bench, running_bench

NOBODY = 65_534
KEYS = ("admin.key", "signing.key")
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
    for name in KEYS:
        (folder / name).write_text("secret")
        (folder / name).chmod(0o600)
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
        assert set(uids).isdisjoint({"0", str(NOBODY)})


def uids_of(bench: Bench) -> set[str]:
    status = Path(f"/proc/{bench.server.pid}/status").read_text()
    (uids,) = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")]
    return set(uids)


def read_by(uid: int, *paths: Path) -> list[str]:
    """Which of the paths this user can open."""
    code = """
import os, sys
os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
for path in sys.argv[2:]:
    try:
        os.close(os.open(path, os.O_RDONLY))
        print(path)
    except OSError:
        pass
"""
    command = [sys.executable, "-c", code, str(uid), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_a_model_reads_no_key_of_the_platform(open_bench: Bench, data: Path) -> None:
    (uid,) = uids_of(open_bench)
    model = next((data / "triton" / "models").glob("*/config.pbtxt"))
    assert read_by(int(uid), *(data / name for name in KEYS), model) == [str(model)]


@pytest.fixture
async def closed_bench(data: Path) -> AsyncIterator[Bench]:
    """Triton in a platform's folder below a home that is closed, as Python's may be, too."""
    home = data.parent / "home"
    (home / "loupe" / "data").mkdir(parents=True)
    (home / "secret").write_text("secret")
    home.chmod(0o700)
    async with running_bench(home / "loupe" / "data" / "triton") as bench:
        bench.publish()
        await bench.reconciler.reconcile()
        yield bench


def test_below_a_closed_home_models_run_as_nobody_else_and_see_nothing_of_it(
    closed_bench: Bench, data: Path
) -> None:
    assert uids_of(closed_bench).isdisjoint({"0", str(NOBODY)})
    assert dict(closed_bench.client.ready_models()) == closed_bench.desired
    seen = Path(f"/proc/{closed_bench.server.pid}/root{data.parent}/home")
    assert [path.name for path in seen.iterdir()] == ["loupe"]
    assert [path.name for path in (seen / "loupe" / "data").iterdir()] == ["triton"]
    real = [path.name for path in (data.parent / "home").iterdir()]
    assert sorted(real) == ["loupe", "secret"]


def test_what_is_needed_is_reached_by_the_links_that_lead_to_it(data: Path) -> None:
    """An environment and its interpreter below a closed home, as uv lays them out."""
    home = data.parent / "home"
    for folder in ("python/1.2.3/bin", "python/1.2.3/lib", "venv/bin", "real/triton", "real/keys"):
        (home / folder).mkdir(parents=True)
    (home / "secret").write_text("secret")
    other, opened = data.parent / "other", data.parent / "opened"
    opened.mkdir(mode=0o755)
    (opened / "word").write_text("open\n")
    other.mkdir(mode=0o700)
    (other / "way").symlink_to(opened)
    (home / "python" / "1.2").symlink_to("1.2.3")
    (home / "data").symlink_to(home / "real")
    tool = home / "python" / "1.2.3" / "bin" / "tool-1"
    texts = f"{home}/venv/pyvenv.cfg {home}/python/1.2/lib/words {other}/way/word"
    tool.write_text(f"#!/bin/sh\ncat {texts}; ls {home} {home}/real\n")
    tool.chmod(0o755)
    (tool.parent / "tool").symlink_to("../bin/tool-1")
    (home / "python" / "1.2.3" / "lib" / "words").write_text("library\n")
    (home / "venv" / "pyvenv.cfg").write_text("environment\n")
    command = home / "venv" / "bin" / "tool"
    command.symlink_to(home / "python" / "1.2" / "bin" / "tool")
    home.chmod(0o700)
    needed = (home / "venv", command, home / "python" / "1.2" / "lib", other / "way")
    user = user_for(needed)
    way = way_for(user, needed, root=home / "data" / "triton")
    launch = [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid())]
    whole = [*launch, str(user.uid), str(user.gid), way.to_json(), str(command)]
    ended = subprocess.run(whole, capture_output=True, text=True)
    assert ended.stderr == ""
    words, real = ended.stdout.split(f"{home}/real:")
    said = ["environment", "library", "open", f"{home}:", "data", "python", "real", "venv"]
    assert (words.split(), real.split()) == (said, ["triton"])


def test_the_interpreter_on_the_stubs_search_path_is_needed() -> None:
    runtime = find_python_runtime()
    folders = [Path(folder) for folder in runtime.search_path.split(":")]
    own = [folder for folder in folders if folder not in (Path("/usr/bin"), Path("/bin"))]
    assert set(own) <= set(runtime.needed)
    assert all(path.exists() for path in runtime.needed)


def test_where_no_way_can_be_made_the_server_does_not_start_as_root(data: Path) -> None:
    """As in a container whose root may not mount: it is told what to do."""
    closed = data.parent / "home"
    (closed / "python").mkdir(parents=True)
    closed.chmod(0o700)
    way = Way((closed,), (closed / "python",)).to_json()
    without_mounts = """
import ctypes, os, sys
assert ctypes.CDLL(None).prctl(24, 21, 0, 0, 0) == 0  # PR_CAPBSET_DROP, CAP_SYS_ADMIN
os.execv(sys.argv[1], sys.argv[1:])
"""
    launch = [
        sys.executable,
        "-I",
        "-S",
        launcher.__file__,
        str(os.getpid()),
        "64101",
        "64101",
        way,
    ]
    command = [sys.executable, "-c", without_mounts, *launch, "/bin/echo", "it runs"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"E loupe: {closed} is closed to the model server's own user" in ended.stderr


def test_what_others_may_not_read_is_told_with_what_to_do(data: Path) -> None:
    with pytest.raises(TritonUnavailable, match="chmod -R o\\+rX"):
        user_for([data / KEYS[0]])
    assert user_for([data.parent]).uid not in (0, NOBODY)
