"""`python -m tests.servers install|up|down|env|collect`: the real servers for this checkout."""

import argparse
import json
import shutil
import sys

from tests.servers.catalogue import documents_server, kafka_server, minio_server
from tests.servers.installing import (
    KAFKA,
    MINIO,
    MONGODB,
    PROGRAMS,
    InstallError,
    install,
    servers_root,
)
from tests.servers.processes import ServerError, ServerProcess, stop_pid
from tests.servers.running import run_folder, running, state


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with a message on standard error when not."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    parser.add_argument("command", choices=["install", "up", "down", "env", "collect"])
    parser.add_argument("--only", nargs="+", help="install these programs alone", default=None)
    options = parser.parse_args(arguments)
    try:
        if options.command == "install":
            _install(options.only)
        else:
            {"up": _up, "down": _down, "env": _env, "collect": _collect}[options.command]()
    except (InstallError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _install(only: list[str] | None) -> None:
    for program in PROGRAMS:
        if only is None or program.name in only:
            print(f"{program.name}: {install(program)}")


def _collect() -> None:
    """Copy what is installed to where the Dockerfiles of sites without a registry look for it."""
    target = servers_root() / "images"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copytree(install(KAFKA), target / "kafka")
    shutil.copy2(install(MINIO) / "minio", target / "minio")
    shutil.copy2(install(MONGODB) / "mongod", target / "mongod")


def _up() -> None:
    """Start what is not running yet, each on a free loopback port, and write the addresses."""
    if running():
        _env()
        return
    _down()
    run = run_folder()
    shutil.rmtree(run, ignore_errors=True)
    kafka, bootstrap = kafka_server(run / "kafka")
    documents, mongo_url = documents_server(run / "documents")
    minio, access = minio_server(run / "minio")
    servers = [kafka, documents, minio]
    try:
        for server in servers:
            server.ends_with_parent = False
            server.start()
    except ServerError:
        for server in servers:
            server.stop()
        raise
    environment = {
        "LOUPE_TEST_KAFKA": bootstrap,
        "LOUPE_TEST_MONGO_URL": mongo_url,
        **{f"LOUPE_TEST_MINIO_{key.upper()}": value for key, value in access.items()},
    }
    _write_state(servers, environment)
    _env()


def _down() -> None:
    for pid, folder in state().get("pids", {}).items():
        stop_pid(int(pid), started_with=folder)
    (run_folder() / "servers.json").unlink(missing_ok=True)


def _env() -> None:
    """Print the addresses as lines that a shell can source."""
    for key, value in state().get("environment", {}).items():
        print(f"export {key}={value}")


def _write_state(servers: list[ServerProcess], environment: dict[str, str]) -> None:
    content = {
        "pids": {str(server.pid): str(server.folder) for server in servers},
        "environment": environment,
    }
    file = run_folder() / "servers.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=2))


if __name__ == "__main__":
    raise SystemExit(main())
