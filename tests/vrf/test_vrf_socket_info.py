# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""socket_info and VRFs: where a socket belongs, and what is expected of it there."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.netns import within
from tests.vrf.host import BLUE, FAR, G0, G1, LO, V1, P, VrfHost


def connected(ns: VrfHost, family: int, device: str = "") -> socket.socket:
    """A UDP socket of this process in the host's namespace."""

    def make() -> socket.socket:
        one = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        if device:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        one.connect((FAR[family], 9))
        return one

    return within(ns.name, make)


@pytest.fixture
def opened(ns: VrfHost, family: int) -> Iterator[VrfHost]:
    """A socket in no VRF, one bound to blue and one to a device in blue, each with the source of its route."""
    ns.batch(
        [
            f"route add {P[family]} via {G0[family]} src {LO[family]}",
            f"route add {P[family]} via {G1[family]} vrf blue src {BLUE[family]}",
        ]
    )
    with contextlib.ExitStack() as stack:
        for device in ("", "blue", "v1"):
            stack.enter_context(connected(ns, family, device))
        yield ns


def differing(module: ModuleRunner, **options: Any) -> tuple[int, list[tuple[Any, ...]]]:
    found = module.ok("socket_info", options)
    return found["checked"], [(row["device"], row["source"], row["expected"]) for row in found["differing"]]


def test_a_socket_belongs_to_the_vrf_of_its_device(opened: VrfHost, module: ModuleRunner, family: int) -> None:
    found = {(row["device"], row["vrf"], row["source"]) for row in module.ok("socket_info")["sockets"]}
    assert found == {(None, None, LO[family]), ("blue", "blue", BLUE[family]), ("v1", "blue", BLUE[family])}


def test_an_intent_is_for_the_sockets_of_its_vrf(opened: VrfHost, module: ModuleRunner, family: int) -> None:
    main = {"destination": P[family], "gateway": G0[family], "source": LO[family]}
    blue = {"destination": P[family], "gateway": G1[family], "source": BLUE[family], "vrf": "blue"}
    assert differing(module, routes=[main, blue]) == (3, [])
    opened.ip(f"route replace {P[family]} via {G1[family]} vrf blue src {V1[family]}")
    checked, found = differing(module, routes=[main, {**blue, "source": V1[family]}])
    assert (checked, sorted(found)) == (3, [(name, BLUE[family], V1[family]) for name in ("blue", "v1")])
    assert differing(module, routes=[main]) == (1, [])
    policy = {"destinations": [P[family]], "source": V1[family], "vrf": "blue"}
    assert differing(module, policies=[policy])[0] == 2


def test_an_expectation_is_for_its_vrf(opened: VrfHost, module: ModuleRunner, family: int) -> None:
    entry = {"destination": P[family], "source": LO[family]}
    assert differing(module, expect=[entry]) == (1, [])
    assert differing(module, expect=[{**entry, "vrf": "blue"}])[0] == 2
    assert len(differing(module, expect=[{**entry, "vrf": "blue"}])[1]) == 2
