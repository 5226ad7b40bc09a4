# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of sockets: units by their cgroups, and this process by its own socket."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._sockets.processes import holders, unit_of


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/nginx.service\n", "nginx.service"),
        ("0::/system.slice/system-postgres.slice/postgres@main.service\n", "postgres@main.service"),
        ("0::/system.slice/docker-0123.scope/init\n", "docker-0123.scope"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n", "app-x.scope"),
        ("0::/\n", None),
        ("0::/user.slice\n", None),
        ("", None),
        ("12:cpu:/x.service\n1:name=systemd:/system.slice/ssh.service\n0::/\n", "ssh.service"),
        ("1:name=systemd:/system.slice/old.service\n0::/system.slice/new.service\n", "new.service"),
        ("0::/a:b/with:colon.service\n", "with:colon.service"),
    ],
)
def test_the_innermost_unit(cgroup: str, unit: str | None) -> None:
    assert unit_of(cgroup) == unit


def test_who_holds_a_socket() -> None:
    with socket.socket() as one:
        inode = os.fstat(one.fileno()).st_ino
        with open("/proc/self/comm", encoding="utf-8") as file:
            name = file.read().strip()
        found = holders([inode, 0])
    assert {key: value[:2] for key, value in found.items()} == {inode: (os.getpid(), name)}


def test_of_no_socket_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "readlink", lambda _path: pytest.fail("asked"))
    assert holders([]) == {} and holders([0]) == {}
