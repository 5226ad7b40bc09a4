# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replacing a file: it is whole, old or new, at every moment, and nobody else's change is lost.

Root's part of it, owners and file systems, is in tests/kernel/test_files.py.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import KernelError, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._files.replace import prepare
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import Access, read
from tests.unit.files.lines import at_each_line

OLD, NEW = b"old\n" * 5000, b"new\n" * 7000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def state(file: Path) -> tuple[int, ...] | None:
    """What a write, a rename and a change of the mode would change; None where there is no file."""
    if not os.path.lexists(file):
        return None
    found = file.lstat()
    return found.st_ino, found.st_mtime_ns, found.st_mode, found.st_uid, found.st_gid


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(st.binary(max_size=300))
def test_bytes_are_bytes(file: Path, content: bytes) -> None:
    with prepare(read(str(file)), content) as new:
        temporary = new.temporary
        assert temporary is not None
        assert Path(temporary).read_bytes() == content
        new.commit()
        assert (new.temporary, os.path.exists(temporary)) == (None, False)
    assert file.read_bytes() == content
    assert names(file.parent) == ["a.conf"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o664])
def test_a_link_stays_a_link(file: Path, mode: int) -> None:
    file.chmod(mode)
    link = file.parent / "link.conf"
    link.symlink_to("a.conf")
    with prepare(read(str(link)), NEW, backup=True) as new:
        new.commit()
        assert new.backup is not None
    assert link.is_symlink()
    assert (file.read_bytes(), file.stat().st_mode & 0o7777) == (NEW, mode)
    kept = Path(new.backup)
    assert (kept.parent, kept.read_bytes(), kept.stat().st_mode & 0o7777) == (file.parent, OLD, mode)


def remove(file: Path) -> None:
    with prepare(read(str(file)), None) as gone:
        gone.commit()


def sweep(file: Path) -> None:
    """Any other run does, even one that changes nothing."""
    with prepare(read(str(file)), None):
        pass


def test_without_commit_nothing_happens(file: Path) -> None:
    before = state(file)
    with prepare(read(str(file)), NEW, backup=True):
        assert state(file) == before
        assert len(names(file.parent)) == 3
    with pytest.raises(ZeroDivisionError), prepare(read(str(file)), NEW, backup=True):
        raise ZeroDivisionError
    with prepare(read(str(file)), None):
        pass
    assert (state(file), file.read_bytes()) == (before, OLD)
    assert names(file.parent) == ["a.conf"]


@pytest.mark.parametrize("change", ["content", "mode", "gone", "link", "folder"])
def test_a_change_of_somebody_else_stops_it(file: Path, change: str) -> None:
    other = file.parent / "other"
    with prepare(read(str(file)), NEW, backup=True) as new:
        if change == "content":
            file.write_bytes(OLD + b"x")
        elif change == "mode":
            file.chmod(0o600)
        elif change == "gone":
            file.unlink()
        elif change == "link":
            other.write_bytes(OLD)
            other.chmod(0o640)
            file.unlink()
            file.symlink_to("other")
        else:
            file.unlink()
            file.mkdir()
        before = state(file)
        with pytest.raises(Refused, match=r"was changed by somebody else|not a regular file"):
            new.commit()
    assert state(file) == before
    assert [name for name in names(file.parent) if name not in ("a.conf", "other")] == []


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    with prepare(read(str(file)), NEW) as new:
        file.write_bytes(b"theirs")
        with pytest.raises(Refused, match="was changed by somebody else"):
            new.commit()
    assert file.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a.conf"]


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (OLD, None), (None, NEW)])
@pytest.mark.parametrize("backup", [False, True])
@pytest.mark.parametrize("by", ["call", "exception"])
def test_undo(tmp_path: Path, old: bytes | None, new: bytes | None, backup: bool, by: str) -> None:
    file = tmp_path / "a.conf"
    if old is not None:
        file.write_bytes(old)
        file.chmod(0o604)
    before = read(str(file))
    if by == "call":
        with prepare(before, new, backup=backup) as change:
            change.undo()
            assert read(str(file)) == before
            change.commit()
            assert read(str(file)).content == new
            change.undo()
            change.undo()
            assert change.backup is None
    else:
        with pytest.raises(ZeroDivisionError), prepare(before, new, backup=backup) as change:
            change.commit()
            raise ZeroDivisionError
    assert read(str(file)) == before
    assert names(tmp_path) == ([] if old is None else ["a.conf"])


@pytest.mark.parametrize("backup", [False, True])
def test_undo_spares_what_somebody_wrote_since(file: Path, backup: bool) -> None:
    with prepare(read(str(file)), NEW, backup=backup) as change:
        change.commit()
        file.write_bytes(b"theirs")
        with pytest.raises(Refused, match="was not put back") as error:
            change.undo()
    assert file.read_bytes() == b"theirs"
    if backup:
        (name,) = set(names(file.parent)) - {"a.conf"}
        assert f"it is in {file.parent / name}" in error.value.message
        assert (file.parent / name).read_bytes() == OLD
    else:
        assert names(file.parent) == ["a.conf"]


def test_several_files_are_one_change(file: Path) -> None:
    with pytest.raises(ZeroDivisionError), ExitStack() as stack:
        one = stack.enter_context(prepare(read(str(file)), NEW))
        two = stack.enter_context(prepare(read(str(file.parent / "b.conf")), NEW, like=read(str(file)).access))
        two.commit()
        one.commit()
        assert file.read_bytes() == (file.parent / "b.conf").read_bytes() == NEW
        raise ZeroDivisionError
    assert file.read_bytes() == OLD
    assert names(file.parent) == ["a.conf"]


def test_removal(file: Path) -> None:
    with prepare(read(str(file)), None, backup=True) as gone:
        assert gone.temporary is None
        gone.commit()
    assert gone.backup is not None
    assert names(file.parent) == [os.path.basename(gone.backup)]
    with prepare(read(str(file)), None, backup=True) as nothing:
        nothing.commit()
    assert nothing.backup is None


def test_a_link_is_not_removed(file: Path) -> None:
    (file.parent / "link").symlink_to("a.conf")
    with pytest.raises(Refused, match=r"link is a symbolic link to .*a.conf.*: remove both by hand"):
        remove(file.parent / "link")


def test_a_backup_never_replaces_another(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda _format: "2026-01-01@00:00:00")
    for content in (b"1", b"2", b"3"):
        with prepare(read(str(file)), content, backup=True) as new:
            new.commit()
    base = f"a.conf.{os.getpid()}.2026-01-01@00:00:00"
    kept = {name: (file.parent / name).read_bytes() for name in names(file.parent)}
    assert kept == {"a.conf": b"3", f"{base}~": OLD, f"{base}.2~": b"1", f"{base}.3~": b"2"}


def test_the_mode_of_a_new_file(tmp_path: Path) -> None:
    with prepare(read(str(tmp_path / "alone")), b"") as new:
        new.commit()
    like = Access(os.geteuid(), os.getegid(), 0o754, {})
    with prepare(read(str(tmp_path / "beside")), b"", like=like) as new:
        new.commit()
    with prepare(read(str(tmp_path / "program")), b"", like=like, runs=True) as new:
        new.commit()
    modes = [(tmp_path / name).stat().st_mode & 0o7777 for name in ("alone", "beside", "program")]
    assert modes == [0o600, 0o644, 0o754]


@pytest.mark.parametrize("mask", [0, 0o077])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o440, 0o644])
def test_nobody_reads_it_who_could_not_before(file: Path, mode: int, mask: int) -> None:
    file.chmod(mode)
    seen: set[int] = set()

    def look(_number: int, _function: str) -> None:
        seen.update(entry.stat().st_mode & 0o7777 for entry in os.scandir(file.parent))

    before = os.umask(mask)
    try:
        with at_each_line(look), prepare(read(str(file)), NEW, backup=True) as new:
            new.commit()
            new.undo()
    finally:
        os.umask(before)
    assert seen <= {mode, 0o600}


def change_it(file: Path, backup: bool) -> None:
    with prepare(read(str(file)), NEW, backup=backup) as new:
        new.commit()


def lines_of(file: Path) -> int:
    last = 0

    def count(number: int, _function: str) -> None:
        nonlocal last
        last = number

    with at_each_line(count):
        change_it(file, True)
    file.write_bytes(OLD)
    for name in set(names(file.parent)) - {file.name}:
        (file.parent / name).unlink()
    return last


def close_as_the_end_of_the_process_would(folder: Path) -> None:
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith(str(folder)):
                os.close(int(name))


def test_an_interruption_at_any_line_leaves_it_whole(file: Path) -> None:
    total = lines_of(file)
    assert total > 100
    outcomes = set()
    where = ""
    for stop in range(1, total + 1):

        def interrupt(number: int, function: str, stop: int = stop) -> None:
            nonlocal where
            where = function
            if number == stop:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), at_each_line(interrupt):
            change_it(file, True)
        found = file.read_bytes()
        outcomes.add(found)
        rest = [name for name in names(file.parent) if name != "a.conf"]
        kept = [name for name in rest if name.endswith("~")]
        if where not in ("discard", "drop", "_remove", "_close", "waits"):
            assert rest == kept, f"line {stop} of {total}, in {where}"
            assert found == OLD or where == "prepare", f"line {stop} of {total}, in {where}"
        assert found == (NEW if kept else OLD)
        assert [(file.parent / name).read_bytes() for name in kept] == [OLD] * len(kept)
        assert len(kept) <= 1
        close_as_the_end_of_the_process_would(file.parent)
        file.write_bytes(OLD)
        sweep(file)
        for name in kept:
            (file.parent / name).unlink()
        assert names(file.parent) == ["a.conf"]
    assert outcomes == {OLD, NEW}


def killed(file: Path, kill_at: int | None, after: float = 0) -> None:
    """change_it in a process of its own, ended by SIGKILL at a line, or at a time while it goes on doing it."""
    child = os.fork()
    if child == 0:
        try:
            if kill_at is None:
                while True:
                    change_it(file, False)
                    file.chmod(0o640)
                    with prepare(read(str(file)), OLD) as new:
                        new.commit()

            def end(number: int, _function: str) -> None:
                if number == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

            with at_each_line(end):
                change_it(file, True)
        finally:
            os._exit(1)
    if kill_at is None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended by itself"


def test_a_kill_at_any_line_leaves_it_whole(file: Path) -> None:
    total = lines_of(file)
    outcomes = set()
    for stop in range(1, total + 1):
        killed(file, stop)
        outcomes.add(file.read_bytes())
        assert file.read_bytes() in (OLD, NEW)
        assert file.stat().st_mode & 0o7777 == 0o640
        file.write_bytes(OLD)
        # The next run clears up; a whole backup is no litter.
        sweep(file)
        for name in set(names(file.parent)) - {"a.conf"}:
            assert name.endswith("~")
            assert (file.parent / name).read_bytes() == OLD
            (file.parent / name).unlink()
    assert outcomes == {OLD, NEW}


def test_a_kill_at_any_time_leaves_it_whole(file: Path) -> None:
    times = random.Random(8)
    for _turn in range(50):
        killed(file, None, times.uniform(0, 0.03))
        assert file.read_bytes() in (OLD, NEW)
        assert file.stat().st_mode & 0o7777 == 0o640
        file.write_bytes(OLD)
    sweep(file)
    assert names(file.parent) == ["a.conf"]


def test_what_another_run_is_making_is_not_swept(file: Path) -> None:
    with prepare(read(str(file)), NEW) as one:
        theirs = one.temporary
        with prepare(read(str(file)), b"other") as two:
            assert theirs is not None
            assert os.path.exists(theirs)
            two.commit()
        with pytest.raises(Refused, match="was changed by somebody else"):
            one.commit()
    assert file.read_bytes() == b"other"
    assert names(file.parent) == ["a.conf"]


def test_names_like_ours_are_not_swept(file: Path) -> None:
    others = [".a.conf.source-ip-", "a.conf.source-ip-1.tmp", ".b.conf.source-ip-1.tmp", ".a.conf.tmp"]
    for name in others:
        (file.parent / name).write_bytes(b"")
    (file.parent / ".a.conf.source-ip-link.tmp").symlink_to("a.conf")
    with prepare(read(str(file)), NEW) as new:
        new.commit()
    assert set(others) < set(names(file.parent))
    assert file.exists()


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"a new file cannot be made in .*: File name too long; nothing was written"):
        change_it(tmp_path / ("a" * 250), False)


def test_the_kernels_words_when_it_does_not_rename(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change() -> None:
        with prepare(read(str(file)), NEW, backup=True) as new:
            monkeypatch.setattr(os, "rename", refuse)
            new.commit()

    def refuse(source: str, target: str) -> None:
        if target == str(file):
            raise OSError(5, os.strerror(5))
        real_rename(source, target)

    real_rename = os.rename
    with pytest.raises(KernelError, match=r"a.conf: cannot be replaced: Input/output error"):
        change()
    assert file.read_bytes() == OLD
    assert names(file.parent) == ["a.conf"]
