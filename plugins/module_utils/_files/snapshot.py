# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a file on the host, and what can be known of it without writing. PRIVATE to the collection.

read(path) -> Snapshot        the file at the end of the path's symbolic links: its bytes, and who may use it
check(snapshot) -> None       Refused where it could not be replaced: read-only, immutable, a mount of its own
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import sys
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field

from .._base.errors import InvalidInput, Refused

# Beside mode and ids, these say who may use a file. Sums over its content (security.ima) must not outlive it.
ACL = "system.posix_acl_access"
_KEPT = (ACL, "security.selinux")
WITHOUT = (errno.ENOTSUP, errno.ENOSYS)
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}
# FS_IOC_GETFLAGS of linux/fs.h, _IOR('f', 1, long), and two of its flags.
_DIRECTION = 29 if os.uname().machine.startswith(("alpha", "mips", "ppc", "sparc")) else 30
_GETFLAGS = 2 << _DIRECTION | struct.calcsize("l") << 16 | ord("f") << 8 | 1
_IMMUTABLE, _APPEND = 0x10, 0x20


@dataclass(frozen=True)
class Access:
    """Who may use a file: ids, permission bits, and {name: value} of the extended attributes that are kept (ACL,
    SELinux label, the user's own)."""

    uid: int
    gid: int
    mode: int
    attributes: t.Mapping[str, bytes]


@dataclass(frozen=True)
class Snapshot:
    """A file as it was read. ``content`` and ``access`` are None where there is none.

    ``path`` as the user gave it, ``real`` without symbolic links.
    """

    path: str
    real: str
    content: bytes | None = field(repr=False)
    access: Access | None


@contextmanager
def refusing(path: str, doing: str) -> t.Iterator[None]:
    """Turns the kernel's errors into Refused: PATH: DOING: the kernel's words."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{path}: {doing}: {error.strerror}; nothing was written", path=path) from error


def read(path: str) -> Snapshot:
    """The file at an absolute path, through symbolic links.

    Raises InvalidInput for a path that is not absolute; Refused for a dangling link, a loop of links, a link made by a
    user who does not own the file it leads to, anything but a regular file, and what the kernel does not let us read.
    """
    if not os.path.isabs(path) or "\0" in path:
        raise InvalidInput(f"{path!a}: the path of a file on the host must be absolute")
    with refusing(path, "cannot be read"):
        try:
            state = os.stat(path)
        except FileNotFoundError:
            if os.path.islink(path):
                raise Refused(
                    f"{path} is a symbolic link to {os.readlink(path)}, which does not exist; create the file it leads "
                    "to, or remove the link. Nothing was written",
                    path=path,
                ) from None
            return Snapshot(path, os.path.realpath(path), None, None)
        _regular(path, state)
        _trusted_links(path, state)
        real = os.path.realpath(path)
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as stream:
            state = os.fstat(handle)
            _regular(path, state)
            access = Access(state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode), attributes(handle))
            return Snapshot(path, real, stream.read(), access)


def _regular(path: str, state: os.stat_result) -> None:
    kind = stat.S_IFMT(state.st_mode)
    if kind != stat.S_IFREG:
        raise Refused(
            f"{path} is {_KINDS.get(kind, 'not a file')}, not a regular file; name the file itself", path=path
        )


def _trusted_links(path: str, state: os.stat_result) -> None:
    """A daemon's user may write in the daemon's folder: a link of theirs must not lead root to a file of others."""
    name = path
    while os.path.islink(name):
        owner = os.lstat(name).st_uid
        if owner not in (0, os.geteuid(), state.st_uid):
            raise Refused(
                f"{name} is a symbolic link of user id {owner} to a file of user id {state.st_uid}; if that is meant, "
                f"give the link to root: chown -h root {name}. Nothing was written",
                path=path,
            )
        name = os.path.join(os.path.dirname(name), os.readlink(name))


def attributes(handle: int) -> dict[str, bytes]:
    """{name: value} of the extended attributes that a new file takes over; empty where the file system has none."""
    try:
        names = os.listxattr(handle)
    except OSError as error:
        if error.errno in WITHOUT:
            return {}
        raise
    return {name: os.getxattr(handle, name) for name in names if name in _KEPT or name.startswith("user.")}


def check(snapshot: Snapshot) -> None:
    """Raises Refused where it is known, without a byte written, that the file cannot be replaced, made or removed.

    Whether there is room for it is known only once it is written: see prepare.
    """
    path, folder = snapshot.path, os.path.dirname(snapshot.real)
    with refusing(path, f"its folder {folder}"):
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _free(path, folder, inside)
            if snapshot.content is not None:
                handle = os.open(snapshot.real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                try:
                    _free(path, snapshot.real, handle)
                    if _mount(handle) != _mount(inside):
                        raise Refused(
                            f"{path}: {snapshot.real} is a mount of its own and cannot be replaced by a new file; "
                            "mount the folder instead of the file. Nothing was written",
                            path=path,
                        )
                finally:
                    os.close(handle)
        finally:
            os.close(inside)


def _free(path: str, name: str, handle: int) -> None:
    if os.fstatvfs(handle).f_flag & os.ST_RDONLY:
        text = os.strerror(errno.EROFS)
        raise Refused(f"{path}: {name}: {text}; mount it read-write and run again. Nothing was written", path=path)
    try:
        found = fcntl.ioctl(handle, _GETFLAGS, bytes(8))
    except OSError:
        return  # a file system without such flags
    flags = int.from_bytes(found[:4], sys.byteorder)
    for flag, word, option in ((_IMMUTABLE, "immutable", "i"), (_APPEND, "append-only", "a")):
        if flags & flag:
            raise Refused(f"{path}: {name} is {word}: chattr -{option} {name}. Nothing was written", path=path)


def _mount(handle: int) -> str | None:
    """The id of the mount that an open file lies on; None where /proc does not say."""
    try:
        with open(f"/proc/self/fdinfo/{handle}", encoding="ascii") as stream:
            return next((line.split()[1] for line in stream if line.startswith("mnt_id:")), None)
    except OSError:
        return None
