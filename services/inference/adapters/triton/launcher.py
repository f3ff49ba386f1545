"""Becomes the command given in the arguments, in a process that dies with its parent.

The parent-death signal must be set in the child between fork and exec. Doing that in a
``preexec_fn`` is unsafe in a process with threads, hence this small program in between::

    python -I -S launcher.py PARENT_PID UID GID WAY COMMAND ARGUMENTS…

WAY is three lists as JSON: folders that are closed to the user, what it needs of them, and symbolic
links on the way there with where they lead; of these folders the command sees nothing else. What it
makes is closed to other users, it can never become more than it is, and its shared memory is its
own where the kernel lets us: Triton's Python backend opens its regions to everybody.
"""

import ctypes
import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND, _MS_REC, _MS_SLAVE = 2, 4, 8, 0x1000, 0x4000, 0x80000
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> None:
    """Become the user, tie this process to its parent, then execute the rest."""
    parent, uid, gid = map(int, arguments[:3])
    closed, needs, links = json.loads(arguments[3])
    try:
        _go_apart()
        _open_way(closed, needs, links)
        os.umask(0o077)
        _close_shared_memory(uid, gid)
    except OSError as error:  # no such right, as in a container
        if closed:
            sys.exit(
                f"E loupe: {closed[0]} is closed to the model server's own user, and no way to "
                f"{[*needs, arguments[4]][0]} can be made here ({error}): start Loupe as another "
                "user than root, or install it where others may read"
            )
        os.umask(0o077)
        sys.stderr.write(f"W loupe: /dev/shm stays open to other users here ({error})\n")
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which forgets the signal.
    _done(_LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    _done(_LIBC.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    os.execv(arguments[4], arguments[4:])  # noqa: S606  # the point of this program


def _go_apart() -> None:
    """Leave the machine's mounts: what is laid over them from now on is seen by us alone."""
    own, group = os.geteuid(), os.getegid()
    _done(_LIBC.unshare(_CLONE_NEWNS if own == 0 else _CLONE_NEWNS | _CLONE_NEWUSER))
    if own != 0:  # in a namespace of users, where we remain who we are
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{own} {own} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    _done(_LIBC.mount(b"none", b"/", None, _MS_REC | _MS_SLAVE, None))


def _open_way(closed: list[str], needs: list[str], links: list[tuple[str, str]]) -> None:
    """Lay an empty folder over each closed one, with nothing in it but what is needed."""
    os.umask(0o022)
    held = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in needs}
    for folder in closed:
        flags = _MS_NOSUID | _MS_NODEV
        _done(_LIBC.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, b"mode=0755,size=1m"))
    for path, descriptor in held.items():
        os.makedirs(path, exist_ok=True)
        source = f"/proc/self/fd/{descriptor}".encode()
        _done(_LIBC.mount(source, path.encode(), None, _MS_BIND | _MS_REC, None))
        os.close(descriptor)
    for link, leads in links if closed else ():
        if not os.path.lexists(link):  # else it lies in what is needed, or where all may go
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.symlink(leads, link)


def _close_shared_memory(uid: int, gid: int) -> None:
    """Lay an empty /dev/shm of the user's own over the machine's."""
    options = f"mode=0700,uid={uid},gid={gid}".encode()
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _done(_LIBC.mount(b"tmpfs", b"/dev/shm", b"tmpfs", flags, options))


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _done(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main(sys.argv[1:])
