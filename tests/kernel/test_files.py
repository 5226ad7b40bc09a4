# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing files as root: owners, ACLs, labels, and file systems that are full, read-only or in the way."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._files.replace import prepare
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import Access, check, read
from tests.unit.files.lines import at_each_line

OLD, NEW = b"old\n", b"new\n" * 5000
NOBODYS = 54321
LABEL = b"system_u:object_r:etc_t:s0\0"
ACL, DEFAULT_ACL = "system.posix_acl_access", "system.posix_acl_default"
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 1, 2, 4, 0x10, 0x20


def acl(group: int, user: int, mask: int) -> bytes:
    """rw for the owner, bits for the group, for user 1000 and for the mask, nothing for others.

    In the form of linux/posix_acl_xattr.h: a version, then (kind, bits, id) of each entry.
    """
    entries = [(USER_OBJ, 6, -1), (USER, user, 1000), (GROUP_OBJ, group, -1), (MASK, mask, -1), (OTHER, 0, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def needs(reason: str, do: Callable[[], object]) -> None:
    """Do it, or skip with the kernel's word for why it cannot be had here (a user namespace, mostly)."""
    try:
        do()
    except OSError as error:
        pytest.skip(f"{reason}: {error.strerror}")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{reason}: {error.stderr.decode().strip()}")


def command(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


@contextmanager
def mounted(*words: object) -> Iterator[None]:
    command("mount", *words)
    try:
        yield
    finally:
        command("umount", words[-1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def write(file: Path, content: bytes | None = NEW, backup: bool = False, like: Access | None = None) -> str | None:
    with prepare(read(str(file)), content, backup=backup, like=like) as new:
        new.commit()
        return new.backup


def owner(file: Path | str) -> tuple[int, int, int]:
    found = os.stat(file)
    return found.st_uid, found.st_gid, found.st_mode & 0o7777


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o4750])
def test_an_owner_without_a_name(file: Path, mode: int) -> None:
    needs(f"user id {NOBODYS} is not to be had here", lambda: os.chown(file, NOBODYS, NOBODYS + 1))
    file.chmod(mode)
    backup = write(file, backup=True)
    assert backup is not None
    assert owner(file) == owner(backup) == (NOBODYS, NOBODYS + 1, mode)
    with pytest.raises(ZeroDivisionError), prepare(read(str(file)), b"x") as new:
        new.commit()
        raise ZeroDivisionError
    assert owner(file) == (NOBODYS, NOBODYS + 1, mode)


@pytest.mark.parametrize("where", ["disk", "tmpfs"])
@pytest.mark.parametrize(
    ("name", "value"), [(ACL, acl(group=0, user=4, mask=6)), ("security.selinux", LABEL), ("user.note", b"x\0")]
)
def test_attributes_are_kept(tmp_path: Path, where: str, name: str, value: bytes) -> None:
    with mounted("-t", "tmpfs", "tmpfs", tmp_path) if where == "tmpfs" else mounted("--bind", tmp_path, tmp_path):
        file = tmp_path / "a.conf"
        file.write_bytes(OLD)
        needs(f"no {name} on {where} here", lambda: os.setxattr(file, name, value))
        mode = owner(file)
        backup = write(file, backup=True)
        assert backup is not None
        for path in (file, backup):
            assert os.getxattr(path, name) == value
            assert owner(path) == mode
        with pytest.raises(ZeroDivisionError), prepare(read(str(file)), b"x") as new:
            new.commit()
            raise ZeroDivisionError
        assert os.getxattr(file, name) == value


def test_a_changed_attribute_is_a_change(file: Path) -> None:
    needs("no ACL here", lambda: os.setxattr(file, ACL, acl(group=0, user=4, mask=4)))
    with prepare(read(str(file)), NEW) as new:
        os.setxattr(file, ACL, acl(group=0, user=0, mask=4))
        with pytest.raises(Refused, match="was changed by somebody else"):
            new.commit()
    assert file.read_bytes() == OLD


def readers(path: str) -> set[object]:
    """Who may read a file, root aside: bits of the mode, named users, and owner and group where they have the bit."""
    state = os.stat(path)
    try:
        found = os.getxattr(path, ACL)
    except OSError as error:
        assert error.errno == errno.ENODATA
        entries = [(GROUP_OBJ, state.st_mode >> 3 & 7, -1), (OTHER, state.st_mode & 7, -1)]
    else:
        entries = [struct.unpack_from("<HHi", found, at) for at in range(4, len(found), 8)]
    mask = next((bits for kind, bits, _id in entries if kind == MASK), 7)
    who: set[object] = {("user", state.st_uid)} if state.st_mode & 0o400 else set()
    who |= {("user", number) for kind, bits, number in entries if kind == USER and bits & mask & 4}
    who |= {("group", state.st_gid) for kind, bits, _id in entries if kind == GROUP_OBJ and bits & mask & 4}
    return who | {"others" for kind, bits, _id in entries if kind == OTHER and bits & 4}


@pytest.mark.parametrize("default", [None, acl(group=4, user=4, mask=4)])
@pytest.mark.parametrize("own", [None, acl(group=0, user=4, mask=6), acl(group=4, user=0, mask=4)])
@pytest.mark.parametrize("mode", [0o640, 0o600, 0o604])
@pytest.mark.parametrize("fresh", [False, True])
def test_nobody_reads_it_who_could_not_before(
    file: Path, default: bytes | None, own: bytes | None, mode: int, fresh: bool
) -> None:
    """Looked at before each line of the code; a default ACL of the folder would let in user 1000 and the group."""
    needs(f"user id {NOBODYS} is not to be had here", lambda: os.chown(file, NOBODYS, NOBODYS))
    file.chmod(mode)
    if own:
        needs("no ACL here", lambda: os.setxattr(file, ACL, own))
    if default:
        needs("no ACL here", lambda: os.setxattr(file.parent, DEFAULT_ACL, default))
    allowed = readers(str(file)) | {("user", 0)}
    seen = set()

    def look(_number: int, _function: str) -> None:
        for entry in os.scandir(file.parent):
            seen.update(readers(entry.path))

    with at_each_line(look):
        if fresh:
            write(file.parent / "b.conf", like=read(str(file)).access)
        else:
            write(file, backup=True)
    look(0, "")
    assert seen <= allowed
    made = file.parent / "b.conf" if fresh else file
    assert readers(str(made)) == readers(str(file)) == allowed - {("user", 0)}
    assert owner(made) == owner(file)


@pytest.mark.parametrize(("flag", "word"), [("i", "immutable"), ("a", "append-only")])
@pytest.mark.parametrize("which", ["file", "folder"])
@pytest.mark.parametrize("content", [NEW, None])
def test_flags_of_chattr(file: Path, flag: str, word: str, which: str, content: bytes | None) -> None:
    target = file if which == "file" else file.parent
    needs("no flags of chattr here", lambda: command("chattr", f"+{flag}", target))
    try:
        found = read(str(file))
        with pytest.raises(Refused, match=f"{file}: {target} is {word}: chattr -{flag} {target}"):
            check(found)
        with pytest.raises(Refused, match=f"is {word}"):
            write(file, content, backup=True)
    finally:
        command("chattr", f"-{flag}", target)
    assert (file.read_bytes(), names(file.parent)) == (OLD, ["a.conf"])


def test_a_read_only_file_system(file: Path) -> None:
    with mounted("--bind", file.parent, file.parent):
        command("mount", "-o", "remount,bind,ro", file.parent)
        for path in (file, file.parent / "new"):
            with pytest.raises(Refused, match=f"{path}: .*: Read-only file system; mount it read-write"):
                check(read(str(path)))
            with pytest.raises(Refused, match="Read-only file system"):
                write(path)
    assert (file.read_bytes(), names(file.parent)) == (OLD, ["a.conf"])


def test_a_file_that_is_a_mount(file: Path, tmp_path: Path) -> None:
    """As containers have them: such a name cannot be renamed over, and the kernel would say so only then."""
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.conf").write_bytes(b"")
    with mounted("--bind", file, inside / "a.conf"), pytest.raises(Refused, match=r"a\.conf is a mount of its own"):
        write(inside / "a.conf")
    assert file.read_bytes() == OLD
    write(inside / "a.conf")


@pytest.mark.parametrize("backup", [False, True])
def test_a_full_disk(tmp_path: Path, backup: bool) -> None:
    with mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path):
        file = tmp_path / "a.conf"
        file.write_bytes(OLD * 5000)
        with pytest.raises(Refused, match=r"a\.conf: a new file cannot be made in .*: No space left on device"):
            write(file, b"x" * 60_000, backup)
        assert (file.read_bytes(), names(tmp_path)) == (OLD * 5000, ["a.conf"])
        # Room for the new content, not for the old one beside it: it could not come back.
        with pytest.raises(Refused, match="No space left on device"):
            write(file, b"x" * 40_000, backup)
        assert (file.read_bytes(), names(tmp_path)) == (OLD * 5000, ["a.conf"])
        write(file, None)
        assert names(tmp_path) == []


def test_a_disk_that_fills_up_after_it_was_prepared(tmp_path: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path):
        file = tmp_path / "a.conf"
        file.write_bytes(OLD)
        for backup in (False, True):
            with pytest.raises(ZeroDivisionError), prepare(read(str(file)), NEW, backup=backup) as new:
                with pytest.raises(OSError, match="No space"):
                    (tmp_path / "other").write_bytes(b"x" * 100_000)
                new.commit()
                assert file.read_bytes() == NEW
                raise ZeroDivisionError
            assert (file.read_bytes(), names(tmp_path)) == (OLD, ["a.conf", "other"])


def test_what_a_killed_run_left_makes_no_disk_full(tmp_path: Path) -> None:
    with mounted("-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path):
        file = tmp_path / "a.conf"
        file.write_bytes(OLD)
        (tmp_path / ".a.conf.source-ip-00000000.tmp").write_bytes(b"x" * 50_000)
        write(file)
        assert names(tmp_path) == ["a.conf"]


def test_a_link_made_by_a_daemons_user(tmp_path: Path) -> None:
    """Such a user may write in the daemon's folder, and would have root write where root alone may."""
    secret = tmp_path / "secret"
    secret.write_bytes(OLD)
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "first").symlink_to("second")
    (folder / "second").symlink_to("../secret")
    needs(f"user id {NOBODYS} is not to be had here", lambda: os.lchown(folder / "second", NOBODYS, NOBODYS))
    for name in ("first", "second"):
        with pytest.raises(Refused, match=f"second is a symbolic link of user id {NOBODYS} to a file of user id 0"):
            read(str(folder / name))
    os.chown(secret, NOBODYS, NOBODYS)
    assert read(str(folder / "first")).content == OLD


def test_a_device(tmp_path: Path) -> None:
    needs("no device nodes here", lambda: os.mknod(tmp_path / "tty", 0o020600, os.makedev(5, 0)))
    with pytest.raises(Refused, match="tty is a character device"):
        read(str(tmp_path / "tty"))
