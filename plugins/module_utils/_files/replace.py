# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing a file on the host, in two steps. PRIVATE to the collection.

    with prepare(read(path), content) as new:     written beside the file, on the disk, all that can fail has been tried
        ...                                       validate new.temporary; change the running daemon
        new.commit()                              compared with what was read, renamed
        ...
        new.undo()                                the file as it was before

Leaving the block without ``commit`` leaves the host as it was. ``content`` None removes the file; where there is no
file one is made. For several files use contextlib.ExitStack: prepare all, then commit all.

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


def prepare(
    snapshot: Snapshot,
    content: bytes | None,
    *,
    beside: Snapshot | None = None,
    mode: int | None = None,
    backup: bool = False,
) -> Prepared:
    """The new content on the disk, beside the file, ready to take its place.

    A file that is there keeps its owner, group, mode, ACL and label. A new one gets those of the file ``beside`` it,
    but the label that its folder gives and no bits for execution; ``mode`` takes bits away from that. Without
    ``beside`` it is the caller's, with ``mode``, 0600 by default. ``backup``: the old content is made ready too, and
    kept by ``commit`` as FILE.PID.DATE~.

    Raises Refused, and leaves nothing behind: the folder is missing or read-only, file or folder immutable, the disk
    full, owner or label cannot be given.
    """
    return Prepared(snapshot, content, _access(snapshot, beside, mode), backup)


def _access(snapshot: Snapshot, beside: Snapshot | None, mode: int | None) -> Access:
    if snapshot.access:
        return snapshot.access
    if beside is None or beside.access is None:
        return Access(os.geteuid(), os.getegid(), 0o600 if mode is None else mode, {})
    model = beside.access
    kept = {name: value for name, value in model.attributes.items() if name == ACL}
    return Access(model.uid, model.gid, model.mode & (0o666 if mode is None else mode), kept)


class Prepared:
    """A change of one file that is ready: commit, undo, discard.

    ``temporary``: the new file as long as it lies beside the old one, for the daemon's own check; None for a removal.
    ``backup``: where ``commit`` keeps the old content; None where it does not.
    """

    def __init__(self, snapshot: Snapshot, content: bytes | None, access: Access, backup: bool) -> None:
        self._old = snapshot
        self._content = content
        self._new: _Beside | None = None
        self._kept: _Beside | None = None
        self._done = False
        self.backup: str | None = None
        check(snapshot)
        if content is None and os.path.islink(snapshot.path):
            raise Refused(
                f"{snapshot.path} is a symbolic link to {snapshot.real}, which this collection did not make: remove "
                "both by hand. Nothing was written",
                path=snapshot.path,
            )
        _sweep(snapshot.real)
        try:
            with refusing(snapshot.path, "the new content cannot be written beside it"):
                if content is not None:
                    self._new = _Beside(snapshot.real, content, access)
            if backup and snapshot.content is not None and snapshot.access:
                with refusing(snapshot.path, "a backup cannot be written beside it"):
                    self._kept = _Beside(snapshot.real, snapshot.content, snapshot.access)
                    self.backup = _backup_name(snapshot.real)
        except BaseException:
            self.discard()
            raise

    @property
    def temporary(self) -> str | None:
        return self._new.path if self._new else None

    def __enter__(self) -> Prepared:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.discard()

    def discard(self) -> None:
        """Nothing of it stays. After ``commit``, and the second time, it does nothing."""
        for one in (self._new, self._kept):
            if one:
                one.drop()
        self._new = self._kept = None

    def commit(self) -> None:
        """The new file in the place of the old one, and on the disk.

        Raises Refused, with this file as somebody left it, where it is not what was read; KernelError where the kernel
        does not rename it.
        """
        path = self._old.path
        if read(path) != self._old:
            raise Refused(
                f"{path} was changed by somebody else while this ran, and is left as it is now; run again", path=path
            )
        with _failing(path, "cannot be replaced"):
            if self._kept and self.backup:
                self._kept.take_place(self.backup)
            try:
                self._place(self._new)
            except BaseException:
                self._drop_backup()
                raise
            self._done = True
        self.discard()

    def undo(self) -> None:
        """The file as it was before ``commit``, or none; the backup goes. Without a ``commit`` it does nothing.

        Raises Refused where somebody has changed the file since, KernelError where the kernel does not do it.
        """
        if not self._done:
            return
        old = self._old
        now = read(old.path)
        if (now.real, now.content) != (old.real, self._content):
            raise Refused(
                f"{old.path} was changed by somebody else since it was written here, so the content before was not put "
                f"back{f'; it is in {self.backup}' if self.backup else ''}",
                path=old.path,
            )
        with _failing(old.path, "the content before cannot be put back"):
            before = None
            if old.content is not None and old.access:
                before = _Beside(old.real, old.content, old.access)
            try:
                self._place(before)
            finally:
                if before:
                    before.drop()
            self._done = False
            self._drop_backup()

    def _place(self, new: _Beside | None) -> None:
        if new:
            new.take_place(self._old.real)
        elif os.path.lexists(self._old.real):
            os.unlink(self._old.real)
        _sync_folder(self._old.real)

    def _drop_backup(self) -> None:
        if self.backup and os.path.lexists(self.backup):
            os.unlink(self.backup)
        self.backup = None


@contextmanager
def _failing(path: str, doing: str) -> t.Iterator[None]:
    """Turns the kernel's errors into KernelError: PATH: DOING: the kernel's words."""
    try:
        yield
    except OSError as error:
        text = error.strerror or str(error)
        raise KernelError(f"{path}: {doing}: {text}", error.errno or errno.EIO, text) from error


class _Beside:
    """A whole file on the disk, in the folder of ``real`` under a name that no program reads, and locked as long as its
    maker lives, so that what a killed run left is known from what another run is making."""

    def __init__(self, real: str, content: bytes, access: Access) -> None:
        self.path = f"{_stem(real)}{secrets.token_hex(4)}{_SUFFIX}"
        self._handle = -1
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._handle = os.open(self.path, flags, 0o600)
            _lock(self._handle)
            self._fill(content, access)
        except BaseException:
            self.drop()
            raise

    def _fill(self, content: bytes, access: Access) -> None:
        handle = self._handle
        inherited = attributes(handle)
        for name, value in access.attributes.items():
            if name != ACL and inherited.get(name) != value:
                _set(handle, name, value)
        with open(handle, "wb", closefd=False) as stream:
            stream.write(content)
        state = os.fstat(handle)
        if (state.st_uid, state.st_gid) != (access.uid, access.gid):
            os.fchown(handle, access.uid, access.gid)
        # The folder's default ACL would let in others as soon as the mode does.
        if ACL in access.attributes:
            _set(handle, ACL, access.attributes[ACL])
        elif ACL in inherited:
            os.removexattr(handle, ACL)
        os.fchmod(handle, access.mode)
        os.fsync(handle)

    def take_place(self, name: str) -> None:
        os.rename(self.path, name)
        self._close()

    def drop(self) -> None:
        if self._handle >= 0:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            self._close()

    def _close(self) -> None:
        os.close(self._handle)
        self._handle = -1


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
    handle = os.open(os.path.dirname(real), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
