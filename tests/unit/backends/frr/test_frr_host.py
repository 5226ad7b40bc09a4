# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of vtysh and ip, with stand-ins for both: what they say when something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import host as frr_host
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.backend import BackEnd
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.host import Host
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.commands import CommandError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import Snapshot
from tests.unit.backends.frr.common import options

SECRET = "neighbor 10.0.0.9 password s3cret"


def stand_in(folder: Path, script: str, name: str = "vtysh") -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_a_configuration_that_cannot_be_shown_is_not_shown(tmp_path: Path) -> None:
    vtysh = stand_in(tmp_path, f"echo '{SECRET}'; echo '% no more'; exit 1")
    with pytest.raises(CommandError) as raised:
        Host(vtysh).show("show running-config")
    assert raised.value.message.endswith("ended with 1: % no more")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Exiting: failed to connect to any daemons.'; exit 1", "failed to connect to any daemons"),
        ("echo Quagga 1.2", "no FRR version"),
        ("sleep 60", "did not answer within 0.3 s"),
    ],
)
def test_an_frr_that_does_not_answer_is_told_clearly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    monkeypatch.setattr(frr_host, "FIRST", 0.3)
    hands: Any = None
    with pytest.raises(SourceIPError) as raised:
        BackEnd(hands, options(vtysh=stand_in(tmp_path, script))).read()
    assert words in raised.value.message
    assert "Is FRR installed and running" in raised.value.message
    assert "Nothing was changed" in raised.value.message


@pytest.mark.parametrize(
    ("script", "refused"),
    [
        ("exit 0", False),
        # FRR 10 tells of its work.
        ("echo '[525|zebra] sending configuration'; echo '[525|zebra] done'", False),
        ("echo '% Configuration failed.'", True),
        ("echo 'line 2: % Unknown command: x'; exit 2", True),
        ("exit 2", True),
    ],
)
def test_trap_10_the_output_counts_and_not_the_status_alone(tmp_path: Path, script: str, refused: bool) -> None:
    host = Host(stand_in(tmp_path, script))
    for act in (lambda: host.load(["route-map X permit 10"]), lambda: host.configure(["route-map X permit 10"])):
        if refused:
            with pytest.raises(CommandError):
                act()
        else:
            act()


def test_the_file_that_vtysh_loads_is_its_owners_only_and_goes(tmp_path: Path) -> None:
    said = tmp_path / "said"
    host = Host(stand_in(tmp_path, f'stat -c %a "$2" >{said}; echo "$2" >>{said}; cat "$2" >>{said}'))
    host.load(["one", "two"])
    mode, path, *lines = said.read_text().splitlines()
    assert (mode, lines) == ("600", ["one", "two"])
    assert not Path(path).exists()


def test_of_an_operators_line_only_the_first_word_is_told(tmp_path: Path) -> None:
    vtysh = stand_in(tmp_path, f"echo 'line 2: % Unknown command[4]: {SECRET}'; exit 2")
    hands: Any = None
    back_end = BackEnd(hands, options(vtysh=vtysh))
    content = f"! one\n{SECRET}\n".encode()
    (problem,) = back_end._bad_lines(content, Snapshot("/etc/frr/frr.conf", "/etc/frr/frr.conf", content, None))
    assert "/etc/frr/frr.conf, line 2 as it would be: vtysh does not understand `neighbor …`" in problem
    assert "s3cret" not in problem


ADDRESSES = (
    """[{"addr_info":[{"local":"192.0.2.1"},{"local":"2001:db8::1","tentative":true},{"local":"2001:db8::2"}]}]"""
)
LOCAL = """[{"type":"local","dst":"198.51.100.0/24"},{"type":"local","dst":"192.0.2.1"}]"""


def test_sources_that_the_kernel_would_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix of type local makes a source of each of its IPv4 addresses (AnyIP)."""
    stand_in(tmp_path, f"case $* in *address*) echo '{ADDRESSES}';; *) echo '{LOCAL}';; esac", "ip")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    asked = ["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1", "2001:db8::2", "2001:db8::3"]
    assert Host().lacking(asked) == ["192.0.2.2", "2001:db8::1", "2001:db8::3"]
