# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read, through which links, and what is refused by its name."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import check, read


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.conf"
    file.write_bytes(b"\xff\r\nx")
    file.chmod(0o604)
    found = read(str(file))
    assert (found.path, found.real, found.content) == (str(file), str(file), b"\xff\r\nx")
    assert found.access is not None
    assert (found.access.uid, found.access.gid, found.access.mode) == (os.geteuid(), file.stat().st_gid, 0o604)
    assert found == read(str(file))
    check(found)


def test_its_content_is_not_in_its_text(tmp_path: Path) -> None:
    """A traceback or a debug line must not show a password."""
    file = tmp_path / "a.conf"
    file.write_bytes(b"s3cret")
    assert "s3cret" not in repr(read(str(file)))


def test_no_file(tmp_path: Path) -> None:
    found = read(str(tmp_path / "a.conf"))
    assert (found.content, found.access) == (None, None)
    check(found)


def test_no_folder(tmp_path: Path) -> None:
    path = str(tmp_path / "frr" / "a.conf")
    with pytest.raises(Refused, match=f"{path}: its folder {tmp_path}/frr: No such file or directory"):
        check(read(path))


def test_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    file = tmp_path / "real" / "a.conf"
    file.write_bytes(b"x")
    links = [tmp_path / name for name in ("relative", "absolute", "chain", "folder")]
    for link, target in zip(links, ("real/a.conf", str(file), "absolute", "real")):
        link.symlink_to(target)
    for path in (*links[:3], links[3] / "a.conf", tmp_path / "real" / ".." / "chain"):
        found = read(str(path))
        assert (found.path, found.real, found.content) == (str(path), str(file), b"x")


def test_a_new_file_in_a_linked_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to("real")
    assert read(str(tmp_path / "folder" / "new")).real == str(tmp_path / "real" / "new")


@pytest.mark.parametrize("target", ["gone", "/nonexistent/gone", "second"])
def test_a_link_to_nothing(tmp_path: Path, target: str) -> None:
    (tmp_path / "second").symlink_to("gone")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(Refused, match=f"{link} is a symbolic link to {target}, which does not exist"):
        read(str(link))


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Refused, match=f"{tmp_path}/a: cannot be read: Too many levels of symbolic links"):
        read(str(tmp_path / "a"))


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    for name, kind in {"pipe": "a pipe", "folder": "a directory", "link": "a directory", "socket": "a socket"}.items():
        with pytest.raises(Refused, match=f"{tmp_path / name} is {kind}.*, not a regular file"):
            read(str(tmp_path / name))
    with pytest.raises(Refused, match="/dev/null is a character device"):
        read("/dev/null")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(Refused, match="cannot be read: Not a directory"):
        read(str(tmp_path / "a" / "b.conf"))


@pytest.mark.parametrize("path", ["frr.conf", "./frr.conf", "", "/etc/\0"])
def test_a_path_that_is_not_absolute(path: str) -> None:
    with pytest.raises(InvalidInput, match="must be absolute"):
        read(path)
