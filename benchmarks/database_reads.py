"""What reading the embedded database costs, and how much memory: as it is, and mapped.

    python -m benchmarks.database_reads

A file of 120,000 documents is read on its four connections: as the platform reads it, and with the
file mapped by each of them (``PRAGMA mmap_size``), in a process of its own each, by turns. Told are
CPU milliseconds a read and the most memory.
"""

import asyncio
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from shared.sqlite import SqliteFile, connect

DOCUMENTS, CHARACTERS, READERS, ROUNDS = 120_000, 1500, 4, 2
WAYS = {"as it is": 0, "mapped": 256 << 20}
READS = {
    "one": (2000, "SELECT body FROM d WHERE tenant='t' AND id>=? LIMIT 1"),
    "page": (200, "SELECT body FROM d WHERE tenant='t' AND project=1 AND id>? LIMIT 100"),
    "count": (40, "SELECT count(*) FROM d WHERE tenant='t' AND project=1 AND id>?"),
    "scan": (4, "SELECT sum(length(body)) FROM d WHERE id>?"),
}


def fill(path: Path) -> None:
    """Write the documents."""
    chance, connection = random.Random(1), connect(path)
    connection.execute("CREATE TABLE d (tenant, id, project, body, PRIMARY KEY (tenant, id))")
    connection.execute("CREATE INDEX i ON d (tenant, project, id)")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO d VALUES ('t', ?, ?, ?)",
        ((_an_id(chance), number % 3, "x" * CHARACTERS) for number in range(DOCUMENTS)),
    )
    connection.execute("COMMIT")
    connection.close()


async def read(path: Path, mapped_bytes: int) -> None:
    """Read in every way, with and without a write before each, and print what it took."""
    file, chance = SqliteFile(path, readers=READERS), random.Random(2)
    file.start()
    await on_each(file, lambda c: c.execute(f"PRAGMA mmap_size={mapped_bytes}").fetchall())
    for name, (times, sql) in READS.items():
        for writes in (False, True):
            began = time.process_time()
            for number in range(times):
                if writes:
                    await file.write(lambda c, n=number: c.execute(f"PRAGMA user_version={n}"))
                wanted = (_an_id(chance) if name in ("one", "page") else "",)
                await file.read(lambda c, sql=sql, wanted=wanted: c.execute(sql, wanted).fetchall())
            took_ms = (time.process_time() - began) / times * 1000
            print(f"  {name}{' after a write' if writes else ''}: {took_ms:.3f} ms")
    await on_each(file, lambda c: c.execute(READS["scan"][1], ("",)).fetchall())
    print(f"  most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")
    await file.close()


async def on_each(file: SqliteFile, work: Callable[[sqlite3.Connection], object]) -> None:
    """Do something on each of the reading connections."""
    met = threading.Barrier(READERS)

    def once(connection: sqlite3.Connection) -> None:
        met.wait()
        work(connection)

    await asyncio.gather(*(file.read(once) for _ in range(READERS)))


def _an_id(chance: random.Random) -> str:
    return f"{chance.getrandbits(96):024x}"


def main() -> None:
    """Read by turns, each in a process of its own."""
    if len(sys.argv) == 3:
        asyncio.run(read(Path(sys.argv[1]), WAYS[sys.argv[2]]))
        return
    with tempfile.TemporaryDirectory(prefix="loupe-reads-") as top:
        path = Path(top) / "documents.db"
        fill(path)
        print(f"{path.stat().st_size >> 20} MiB")
        for way in [*WAYS] * ROUNDS:
            print(way, flush=True)
            command = [sys.executable, "-m", "benchmarks.database_reads", str(path), way]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
