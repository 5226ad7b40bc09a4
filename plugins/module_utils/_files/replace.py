# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing a file on the host, in two steps. PRIVATE to the collection.

    with prepare(read(path), content) as new:     all that can fail has been tried, with the full content on the disk
        ...                                       validate new.temporary; change the running daemon
        new.commit()                              compared with what was read, then renamed
        ...

Leaving the block without ``commit``, or by an exception (SystemExit too) before or after it, leaves the file as it was.
``content`` None removes the file; where there is no file one is made. For several files use contextlib.ExitStack:
prepare all, then commit all.

A file with several names (hard links) gets a new inode under this one; the other names keep the old content.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
import typing as t
from contextlib import contextmanager, suppress

from .._base.errors import KernelError, Refused
from .snapshot import ACL, WITHOUT, Access, Snapshot, attributes, check, read, refusing

_SUFFIX = ".tmp"


@contextmanager
def prepare(
    snapshot: Snapshot,
    content: bytes | None,
    *,
    like: Access | None = None,
    runs: bool = False,
    backup: bool = False,
) -> t.Iterator[Prepared]:
    """The new content beside the file and on the disk, ready to take its place; and the old one, ready to come back.

    A file that is there keeps its owner, group, mode, ACL and label. A new one gets owner, group, mode (without bits
    for execution, unless it ``runs``) and ACL of ``like``, which is the ``access`` of the file that it stands beside,
    and the label that its folder gives; without ``like`` it is the caller's alone (0600). ``backup``: ``commit`` keeps
    the old content.

    Raises Refused, and leaves nothing behind, where the folder is missing or read-only, file or folder immutable, the
    disk full, or owner, ACL or label cannot be given.
    """
    new = Prepared(snapshot, content, snapshot.access or _access_of_new(like, runs), backup)
    try:
        new.write()
        yield new
    except BaseException:
        new.undo()
        raise
    finally:
        new.discard()


def _access_of_new(like: Access | None, runs: bool) -> Access:
    if like is None:
        return Access(os.geteuid(), os.getegid(), 0o600, {})
    kept = {name: value for name, value in like.attributes.items() if name == ACL}
    return Access(like.uid, like.gid, like.mode & (0o777 if runs else 0o666), kept)


class Prepared:
    """A change of one file that is ready, as ``prepare`` makes it.

    ``backup``: FILE.PID.DATE~ with the old content, once ``commit`` has made it; else None.
    """

    def __init__(self, snapshot: Snapshot, content: bytes | None, access: Access, backup: bool) -> None:
        self._old = snapshot
        self._content = content
        self._access = access
        self._new: _Beside | None = None
        self._before: _Beside | None = None
        self._keep = backup
        self._begun = False
        self.backup: str | None = None

    @property
    def temporary(self) -> str | None:
        """The new file's name until ``commit``, for the daemon's own check; None for a removal."""
        return self._new.path if self._new and self._new.waits else None

    def write(self) -> None:
        """What ``prepare`` does before the block."""
        old = self._old
        check(old)
        if self._content is None and os.path.islink(old.path):
            raise Refused(
                f"{old.path} is a symbolic link to {old.real}, which this collection did not make: remove both by "
                "hand. Nothing was written",
                path=old.path,
            )
        with refusing(old.path, f"a new file cannot be made in {os.path.dirname(old.real)}"):
            _sweep(old.real)
            if self._content is not None:
                self._new = _Beside(old.real)
                self._new.fill(self._content, self._access)
            if old.content is not None and old.access:
                self._before = _Beside(old.real)
                self._before.fill(old.content, old.access)

    def discard(self) -> None:
        """What ``prepare`` does after the block: nothing stays that is not in its place."""
        for one in (self._new, self._before):
            if one:
                one.drop()

    def commit(self) -> None:
        """The new file in the place of the old one.

        Raises Refused, with the file as somebody left it, where it is not what was read; KernelError where the kernel
        does not rename it.
        """
        path, real = self._old.path, self._old.real
        if read(path) != self._old:
            raise Refused(
                f"{path} was changed by somebody else while this ran, and is left as it is now; run again", path=path
            )
        with _failing(path, "cannot be replaced"):
            self._begun = True
            if self._keep and self._before:
                self.backup = _backup_name(real)
                self._before.take_place(self.backup)
            if self._new:
                self._new.take_place(real)
            else:
                _remove(real)
            _sync_folder(real)

    def undo(self) -> None:
        """The file as it was before ``commit``, or none; the backup goes. Without a ``commit`` it does nothing.

        Raises Refused where somebody has changed the file since, KernelError where the kernel does not do it.
        """
        if not self._begun:
            return
        path, real = self._old.path, self._old.real
        now = read(path)
        failed = now == self._old
        if not failed and (now.real, now.content) != (real, self._content):
            kept = f"; it is in {self.backup}" if self.backup else ""
            raise Refused(
                f"{path} was changed by somebody else since it was written here, so what it held before was not put "
                f"back{kept}",
                path=path,
            )
        with _failing(path, "what it held before cannot be put back"):
            if failed:
                if self.backup:
                    _remove(self.backup)
            elif self.backup:
                os.rename(self.backup, real)
            elif self._before:
                self._before.take_place(real)
            else:
                _remove(real)
            self._begun, self.backup = False, None
            _sync_folder(real)


@contextmanager
def _failing(path: str, doing: str) -> t.Iterator[None]:
    """Turns the kernel's errors into KernelError: PATH: DOING: the kernel's words."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        raise KernelError(f"{path}: {doing}: {text}", error.errno or errno.EIO, text) from error


class _Beside:
    """A whole file on the disk, in the folder of ``real`` under a name that no program reads.

    It is locked as long as its maker lives, so that what a killed run left is known from what another run is making.
    """

    def __init__(self, real: str) -> None:
        self.path = f"{_stem(real)}{secrets.token_hex(4)}{_SUFFIX}"
        self._handle = -1

    def fill(self, content: bytes, access: Access) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._handle = handle = os.open(self.path, flags, 0o600)
        _lock(handle)
        inherited = attributes(handle)
        # The label says who may read, so it comes before the content. Nobody but us may before the last step.
        for name, value in access.attributes.items():
            if name != ACL and inherited.get(name) != value:
                _set(handle, name, value)
        with open(handle, "wb", closefd=False) as stream:
            stream.write(content)
        state = os.fstat(handle)
        if (state.st_uid, state.st_gid) != (access.uid, access.gid):
            os.fchown(handle, access.uid, access.gid)
        # The folder's default ACL would let in others as soon as the mode does, and so would a mode without its ACL.
        if ACL in access.attributes:
            os.setxattr(handle, ACL, access.attributes[ACL])
        elif ACL in inherited:
            os.removexattr(handle, ACL)
        os.fchmod(handle, access.mode)
        os.fsync(handle)

    @property
    def waits(self) -> bool:
        """Whether it lies there still, neither renamed nor dropped."""
        return self._handle >= 0

    def take_place(self, name: str) -> None:
        os.rename(self.path, name)
        self._close()

    def drop(self) -> None:
        if self.waits:
            _remove(self.path)
            self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        os.close(handle)


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _backup_name(real: str) -> str:
    """As Ansible names its backups; numbered where there is one of this second."""
    base = f"{real}.{os.getpid()}.{time.strftime('%Y-%m-%d@%H:%M:%S')}"
    name, number = f"{base}~", 1
    while os.path.lexists(name):
        number += 1
        name = f"{base}.{number}~"
    return name


def _stem(real: str) -> str:
    folder, name = os.path.split(real)
    return os.path.join(folder, f".{name}.source-ip-")


def _set(handle: int, name: str, value: bytes) -> None:
    try:
        os.setxattr(handle, name, value)
    except OSError as error:
        if error.errno not in WITHOUT:
            raise


def _lock(handle: int) -> bool:
    """Whether nobody else holds it. A file system without locks says no."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sweep(real: str) -> None:
    """Remove what runs that were killed left beside the file."""
    stem = _stem(real)
    folder = os.path.dirname(real)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if path.startswith(stem) and path.endswith(_SUFFIX):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                if _lock(handle):
                    os.unlink(path)
            finally:
                os.close(handle)


def _sync_folder(real: str) -> None:
    """So that the new name outlives a crash of the machine."""
    handle = os.open(os.path.dirname(real), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that cannot
            raise
    finally:
        os.close(handle)
