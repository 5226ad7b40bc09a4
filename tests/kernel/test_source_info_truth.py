# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer is what the packet does: states in which a look-up by itself says something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.modules import ModuleRunner
from tests.lab.pair import Host

Found = dict[str, Any]
TO6 = "2001:db8:100::34"


def one(module: ModuleRunner, destination: str, **query: Any) -> Found:
    (found,) = module.ok("source_info", {"queries": [{"destination": destination, **query}]})["sources"]
    result: Found = found
    return result


def wire(module: ModuleRunner, destination: str, **probe: Any) -> tuple[Any, Any]:
    """Source and device of the packet that a socket's ``send`` puts on the wire."""
    wanted = {"destination": destination, "protocol": "udp", "capture": True, "timeout": 0.5, **probe}
    (found,) = module.ok("probe", {"probes": [wanted]})["probes"]
    return found["captured"]["source"], found["captured"]["device"]


# RFC 6724


def test_rule_7_goes_by_the_settings_of_every_candidate_s_device(ns: Host, module: ModuleRunner) -> None:
    """No temporary address anywhere: v0, which would prefer one, is passed over for v1 all the same."""
    ns.sysctl({"ipv6/conf/v0/use_tempaddr": 2})
    ns.batch(
        [
            "address flush dev lo scope global",
            "address flush dev v0 scope global",
            "address flush dev v1 scope global",
            "address add 2001:db8:100::9/64 dev v0 nodad noprefixroute",
            "address add 2001:db8:1::1/64 dev v1 nodad noprefixroute",
            # By lo, so that no candidate is on the outgoing device.
            "route add 2001:db8:100::/48 dev lo",
        ]
    )
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"] == "2001:db8:1::1"
    assert (found["rfc6724"]["rule"], found["rfc6724"]["runner_up"]) == ("7", "2001:db8:100::9")
    assert "use_tempaddr prefers temporary addresses on v0" in found["explanation"]
    ns.ip("address delete 2001:db8:1::1/64 dev v1")
    assert one(module, TO6)["source"] == "2001:db8:100::9"


def test_home_addresses_are_explained_by_the_rules_of_this_kernel(ns: Host, module: ModuleRunner) -> None:
    ns.batch(["address change 2001:db8::1/64 dev v0 home", f"route add {ns.P6} via {ns.G6}"])
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"]
    decision = found["rfc6724"]
    if found["source"] == "2001:db8::1":  # a kernel with CONFIG_IPV6_MIP6
        assert decision["rule"] == "4"
    else:
        assert (decision["rule"], decision["runner_up"]) == ("order", "2001:db8::1")
    ns.batch(
        [
            "address delete 2001:db8::1/64 dev v0",
            "address delete 2001:db8:1::1/64 dev v1",
            "address add 2001:db8:1::1/64 dev v1 home nodad",
        ]
    )
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"]
    assert found["rfc6724"]["rule"] == ("4" if found["source"] == "2001:db8:1::1" else "5")


@pytest.mark.parametrize("where", [("v0", "all"), ("all", "v0")])
def test_optimistic_addresses_count_where_either_setting_is_on(
    ns: Host, module: ModuleRunner, where: tuple[str, str]
) -> None:
    """``optimistic_dad`` of the device and ``use_optimistic`` of all, or the other way round."""
    dad, use = where
    ns.sysctl({f"ipv6/conf/{dad}/optimistic_dad": 1, f"ipv6/conf/{use}/use_optimistic": 1})
    # Detection would last for minutes: the address stays optimistic.
    ns.sysctl({"ipv6/conf/v0/dad_transmits": 600})
    ns.batch([f"route add {ns.P6} via {ns.G6}", "address add 2001:db8:100::9/64 dev v0 optimistic"])
    found = one(module, TO6)
    assert found["source"] == found["socket"]["source"] == "2001:db8:100::9"
    assert found["rfc6724"]["rule"] == "8"
