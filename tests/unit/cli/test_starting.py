"""A platform that cannot start says why in one line."""

import socket
from pathlib import Path

import pytest

from services.__main__ import main
from services.standalone import CannotStart, place_from_environment, prepare


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
