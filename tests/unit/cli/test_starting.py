"""A platform that cannot start says why in one line."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.__main__ import main
from services.data_folder import CannotStart, place_from_environment, prepare
from services.workspace.adapters.signer import put_new_key
from services.workspace.domain.api_keys import make_key
from tests.running import until


@pytest.mark.parametrize("port", ["abc", "0", "99999", "-1", "80 80"])
@pytest.mark.parametrize("command", [["run"], ["demo", "--exit"]])
def test_a_port_that_is_none_is_told_in_one_line(
    port: str,
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LOUPE_PORT", port)
    monkeypatch.setenv("LOUPE_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    code = main(command)
    captured = capsys.readouterr()
    said = (captured.out + captured.err).strip()
    assert code == 1
    assert said.count("\n") == 0
    assert f"LOUPE_PORT is '{port}': set it to a number" in said


def test_a_taken_port_names_it_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("LOUPE_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("LOUPE_DATA", str(tmp_path))
        place = place_from_environment()
        with pytest.raises(CannotStart, match=f"{place.port} cannot be used .*LOUPE_PORT"):
            prepare(place)


PREPARE = """
import os, sys
from services.data_folder import CannotStart, place_from_environment, prepare

try:
    held = prepare(place_from_environment())
except CannotStart as reason:
    sys.exit(f"loupe: {reason}")
print("prepared", flush=True)
sys.stdin.read()
"""


def preparing(data: Path, **variables: str) -> "subprocess.Popen[str]":
    """A process that holds the folder until its input ends; its port is nobody's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOUPE_")}
    return subprocess.Popen(
        [sys.executable, "-c", PREPARE],
        env={**inherited, "LOUPE_DATA": str(data), "LOUPE_PORT": port, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    """What it says once it has let the folder go."""
    return "".join(process.communicate()).strip()


def test_the_folder_and_what_lies_in_it_are_closed_to_other_users(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "blobs").mkdir(parents=True)
    (data / "documents.db").write_bytes(b"of an older release")
    data.chmod(0o755)
    (data / "blobs").chmod(0o755)
    (data / "documents.db").chmod(0o644)
    assert said(preparing(data)) == "prepared"
    assert data.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()}
    assert modes == {
        "admin.key": 0o600,
        "blobs": 0o700,
        "documents.db": 0o600,
        "signing.key": 0o600,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
@pytest.mark.parametrize("laid", ["", "admin.key", "loupe.db"])
def test_a_folder_that_another_user_could_lay_a_key_into_is_not_taken(
    laid: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    (data / "admin.key").write_text(make_key().text)
    (data / "loupe.db").touch()
    nobody = 65_534
    os.chown(data / laid, nobody, nobody)
    words = said(preparing(data))
    assert words.startswith(f"loupe: {data / laid} belongs to another user")
    assert "\n" not in words


def test_what_a_command_makes_before_the_first_start_is_closed_to_other_users(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "services", "keys", "list"]
    environment = {**os.environ, "LOUPE_DATA": str(data)}
    subprocess.run(command, env=environment, check=True, umask=0o022, stdout=subprocess.DEVNULL)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (data, *data.iterdir())}
    assert modes == {"data": 0o700, "loupe.db": 0o600}


def test_no_second_platform_gets_in_whatever_is_removed(tmp_path: Path) -> None:
    first = preparing(tmp_path)
    assert first.stdout is not None
    assert first.stdout.readline() == "prepared\n"
    for path in tmp_path.iterdir():
        path.unlink()
    assert "a platform already runs on" in said(preparing(tmp_path))
    said(first)
    assert said(preparing(tmp_path)) == "prepared"


def test_the_file_holds_the_key_that_is_valid(tmp_path: Path) -> None:
    key = make_key().text
    assert said(preparing(tmp_path, LOUPE_WORKSPACE_ADMIN_KEY=key)) == "prepared"
    assert (tmp_path / "admin.key").read_text() == f"{key}\n"
    assert said(preparing(tmp_path)) == "prepared"
    assert (tmp_path / "admin.key").read_text() == f"{key}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOUPE_WORKSPACE_ADMIN_KEY", "lp_nonsense")],
)
def test_a_secret_that_cannot_be_used_is_named_in_one_line_and_not_shown(
    name: str, value: str, tmp_path: Path
) -> None:
    words = said(preparing(tmp_path, **{name: value}))
    assert words.startswith(f"loupe: {name}")
    assert "\n" not in words
    assert value not in words


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_signing_key_that_cannot_be_used_is_told_without_showing_it(
    mode: int, tmp_path: Path
) -> None:
    key = tmp_path / "elsewhere.key"
    put_new_key(key)
    key.chmod(mode)
    if mode == 0o600:
        key.write_text("-----BEGIN PRIVATE KEY-----\nc2hvcnQ=\n-----END PRIVATE KEY-----\n")
    words = said(preparing(tmp_path / "data", LOUPE_WORKSPACE_SIGNING_KEY=str(key)))
    assert words.startswith(f"loupe: {key}: ")
    assert "\n" not in words
    assert "c2hvcnQ" not in words


async def test_training_does_not_get_the_secrets_of_the_doors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.standalone import keep_running

    monkeypatch.setenv("LOUPE_WORKSPACE_SIGNING_KEY", "file")
    monkeypatch.setenv("LOUPE_WORKSPACE_ADMIN_KEY", "key")
    monkeypatch.setenv("LOUPE_TRAINER_DEVICE", "cpu")
    seen = tmp_path / "seen"
    program = (
        "import os, sys, time; from pathlib import Path; "
        "Path(sys.argv[1] + '.new').write_text(' '.join(sorted(os.environ))); "
        "os.rename(sys.argv[1] + '.new', sys.argv[1]); time.sleep(60)"
    )
    keeping = asyncio.create_task(keep_running((sys.executable, "-c", program, str(seen))))
    await until(seen.exists)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    names = seen.read_text().split()
    assert "LOUPE_TRAINER_DEVICE" in names
    assert not {"LOUPE_WORKSPACE_SIGNING_KEY", "LOUPE_WORKSPACE_ADMIN_KEY"} & set(names)
