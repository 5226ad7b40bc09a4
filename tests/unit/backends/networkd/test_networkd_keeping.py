# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes while networkd reads: for each device of which a file changes, the loopback device among them."""

from __future__ import annotations

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.place import (
    Found,
    Link,
    keeping,
    place,
)

KEEP = "49-l3host.source_ip-keep.conf"
PASSING = "/run/systemd/network"


def test_beside_the_name_of_each_file_wherever_it_lies() -> None:
    links = [
        Link("/etc/systemd/network/05-lo.network", "configured"),
        Link("/usr/lib/systemd/network/80-eth.network", "configured"),
        Link("/usr/lib/systemd/network/80-eth.network", "configuring"),
    ]
    files = keeping(links, PASSING)
    assert list(files) == [f"{PASSING}/05-lo.network.d/{KEEP}", f"{PASSING}/80-eth.network.d/{KEEP}"]
    assert all(b"\n[Network]\nKeepConfiguration=static\n" in (file.content or b"") for file in files.values())


def test_the_operators_own_word_stands_and_without_a_file_there_is_nothing_to_keep() -> None:
    assert not keeping([Link("/etc/systemd/network/10-a.network", "configured", keeps=True), Link("", "")], PASSING)


def test_a_device_of_which_our_file_goes_is_kept_and_one_that_is_not_ours_is_left_alone() -> None:
    links = {
        "eth0": Link("/etc/systemd/network/10-eth0.network", "configured", ours=True),
        "eth1": Link("/etc/systemd/network/10-eth1.network", "configured"),
        "lo": Link("/etc/systemd/network/05-lo.network", "configured", ours=True),
    }
    files = place([], Found(True, links, {}), "/etc/systemd/network", PASSING).transient
    assert list(files) == [f"{PASSING}/05-lo.network.d/{KEEP}", f"{PASSING}/10-eth0.network.d/{KEEP}"]
