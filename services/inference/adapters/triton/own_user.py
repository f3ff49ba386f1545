"""A user of its own for the model server where root starts it.

A model is code: whoever gets one loaded runs as the server does. So the server is nobody else, and
reaches nothing but what it serves.
"""

import json
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.inference.errors import TritonUnavailable

_FIRST_UID = 64_101  # above people and services, below what systemd gives away from 61,184 … 65,519
_LAST_UID = 64_164
_MOST_LINKS = 40  # as the kernel follows


@dataclass(frozen=True, slots=True)
class User:
    """By whom the server runs; its group has the same number."""

    uid: int
    gid: int

    def give(self, folder: Path) -> None:
        """Make ``folder`` this user's own, closed to everybody else but root."""
        if os.geteuid() == 0:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def show(self, folder: Path) -> None:
        """Let the server read ``folder`` and what will be made in it, and write nothing."""
        if os.geteuid() == 0:
            os.chown(folder, -1, self.gid)
        folder.chmod(0o2750)

    def let_through(self, folder: Path) -> None:
        """Let the server pass through ``folder`` without seeing what else is there."""
        mode = stat.S_IMODE(folder.stat().st_mode)
        if self.uid != os.geteuid() == 0 and not mode & stat.S_IXOTH:
            os.chown(folder, -1, self.gid)
            folder.chmod(mode | stat.S_IXGRP)


@dataclass(frozen=True, slots=True)
class Way:
    """How the server comes to what it needs where folders above are closed to its user.

    It sees each of the ``closed`` folders as one with nothing in it but what it ``needs`` of it,
    and the symbolic ``links``, with where they lead, by which it comes there.
    """

    closed: tuple[Path, ...] = ()
    needs: tuple[Path, ...] = ()
    links: tuple[tuple[Path, str], ...] = ()

    def to_json(self) -> str:
        """As the launcher reads it."""
        return json.dumps([self.closed, self.needs, self.links], default=str)


def user_for(needed: Iterable[Path]) -> User:
    """Return the user that the server is to be: one without a name where root asks, else we.

    Raises:
        TritonUnavailable: Root asks, and others may not read what is ``needed`` of the server.
    """
    if os.geteuid() != 0:
        return User(os.geteuid(), os.getegid())
    if secret := next((path for path in needed if not _is_open(path)), None):
        raise TritonUnavailable(
            f"{secret} is closed to other users, so that the model server would have to be root: "
            f"open it (chmod -R o+rX {secret}), or start Loupe as another user"
        )
    uid = next(uid for uid in range(_FIRST_UID, _LAST_UID) if not _is_known(uid))
    return User(uid, uid)


def way_for(user: User, needed: Iterable[Path], *, root: Path) -> Way:
    """Return how ``user`` comes to what is ``needed``, and to the server's folder ``root``.

    ``root`` stands in the platform's folder, where the user is let through.
    """
    if user.uid == os.geteuid():
        return Way()
    paths = [Path(os.path.abspath(path)) for path in needed]
    hops = [hop for path in (*paths, root.absolute()) for hop in _hops(path)]
    met = [*paths, *(after for path in paths for _, _, after in _hops(path))]
    folders = {path if path.is_dir() else path.parent for path in met}
    tops = {folder.resolve(): _first_closed(folder.resolve().parent) for folder in folders}
    tops[root.resolve()] = _first_closed(root.parent.resolve().parent)
    needs = [folder for folder, top in tops.items() if top is not None]
    all_tops = {*tops.values(), *(_first_closed(link.parent) for link, _, _ in hops)}
    return Way(
        tuple(sorted(top for top in all_tops if top is not None)),
        tuple(
            sorted(
                path
                for path in needs
                if not any(path.is_relative_to(up) for up in needs if up != path)
            )
        ),
        tuple(sorted({link: leads for link, leads, _ in hops}.items())),
    )


def _hops(path: Path) -> Iterator[tuple[Path, str, Path]]:
    """The symbolic links on the way to ``path``: each, where it leads, and the path through it."""
    for _ in range(_MOST_LINKS):
        parts = (*reversed(path.parents), path)
        link = next((part for part in parts if part.is_symlink()), None)
        if link is None:
            return
        leads = os.readlink(link)
        path = Path(os.path.normpath(link.parent / leads / path.relative_to(link)))
        yield link, leads, path


def _is_known(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _is_open(path: Path) -> bool:
    """Whether every user of the machine may read ``path``, could they come to it."""
    mode = path.stat().st_mode
    return bool(mode & stat.S_IROTH and (mode & stat.S_IXOTH or not stat.S_ISDIR(mode)))


def _first_closed(path: Path) -> Path | None:
    """Return the uppermost folder from ``path`` up that others may not pass through."""
    above = (*reversed(path.parents), path)
    return next((folder for folder in above if not folder.stat().st_mode & stat.S_IXOTH), None)
