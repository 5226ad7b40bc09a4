# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`interface:` of probe does what `curl --interface` does: beside curl itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import topology
from tests.lab.modules import ModuleRunner
from tests.lab.netns import Namespace
from tests.lab.pair import Host
from tests.lab.probing import PEER, TOOLS, Result, calls, link_local, one, wrapped
from tests.lab.topology import HOST_SOURCE, UPLINKS, WEB, Lab


def curl(ns: Namespace, interface: str, url: str, prefix: tuple[str, ...] = ()) -> tuple[int, str]:
    """curl's exit code and what the server answered: the address that it saw."""
    done = ns.run([*prefix, "curl", "-sS", "--max-time", "5", "--interface", interface, url], check=False)
    return done.returncode, done.stdout.strip()


def url(destination: str, port: int = 80) -> str:
    return f"http://[{destination}]:{port}/" if ":" in destination else f"http://{destination}:{port}/"


def curl_version() -> tuple[int, int]:
    version = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"libcurl/(\d+)\.(\d+)", version)
    assert found, version
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize(
    "name",
    [
        "up0",
        "up1",
        "if!up1",
        "address",
        "host!address",
        "uplink address",
        "if!address",
        "no host",
        "if!nosuch",
        "foreign",
        "host!foreign",
        "other family",
        "ifhost!up1!address",
        "ifhost!nosuch!address",
        "ifhost!up1!no host",
    ],
)
def test_interface_does_what_curl_does(unchanged_lab: Lab, module: ModuleRunner, name: str, family: int) -> None:
    if name.startswith("ifhost!") and curl_version() < (8, 9):
        pytest.skip("this curl is older than 8.9: it has no ifhost!")
    words = {
        "uplink address": UPLINKS["up1"][family],
        "other family": HOST_SOURCE[10 - family],
        "foreign": {4: "203.0.113.99", 6: "2001:db8:ff::99"}[family],
        "address": HOST_SOURCE[family],
        # Longer than a label of the DNS may be: refused without asking a server.
        "no host": "x" * 64,
    }
    interface = name
    for word, value in words.items():
        interface = interface.replace(word, value)
    compare_with_curl(unchanged_lab, module, interface, family)


@pytest.fixture(scope="module")
def unchanged_lab() -> Iterator[Lab]:
    """A lab for the tests that change nothing in it."""
    with topology.lab() as made:
        yield made


def compare_with_curl(lab: Lab, module: ModuleRunner, interface: str, family: int) -> Result:
    code, seen = curl(lab.host, interface, url(WEB[family]))
    options = {"protocol": "tcp", "port": 80, "interface": interface, "capture": True, "timeout": 2}
    probe = one(module, WEB[family], ns=lab.host, **options)
    if code == 0:
        assert probe["error"] is None
        assert (probe["source"], probe["wire"]["source"]) == (seen, seen)
    else:
        assert probe["error"], f"curl exits {code}"
    return probe


def test_interface_device_comes_first(lab: Lab, module: ModuleRunner) -> None:
    """A device may be named like an address: the plain name is the device, and only host! is the address."""
    lab.host.ip("link property add dev up1 altname 192.0.2.2")
    plain = compare_with_curl(lab, module, "192.0.2.2", 4)
    assert (plain["source"], plain["wire"]["device"]) == (UPLINKS["up1"][4], "up1")
    assert calls(plain)[1:3] == ["setsockopt SO_BINDTODEVICE, 192.0.2.2 -> ok", f"connect {WEB[4]}, 80 -> ok"]
    host = compare_with_curl(lab, module, "host!192.0.2.2", 4)
    assert host["source"] == "192.0.2.2"
    assert calls(host)[1:3] == ["setsockopt IP_BIND_ADDRESS_NO_PORT, 1 -> ok", "bind 192.0.2.2, 0 -> ok"]


def test_interface_host_is_never_a_device(unchanged_lab: Lab, module: ModuleRunner) -> None:
    probe = compare_with_curl(unchanged_lab, module, "host!up1", 4)
    assert probe["error"].startswith("EAI_") and "SO_BINDTODEVICE" not in "".join(calls(probe))


def test_interface_label_is_an_address(lab: Lab, module: ModuleRunner, tmp_path: Path) -> None:
    """The label of an address is no device, but getifaddrs() lists the address under it."""
    lab.host.ip("address add 192.0.2.7/32 dev up1 label up1:svc")
    probe = compare_with_curl(lab, module, "up1:svc", 4)
    assert probe["source"] == "192.0.2.7"
    assert calls(probe)[1:5] == [
        "setsockopt SO_BINDTODEVICE, up1:svc -> ENODEV: No such device",
        "getifaddrs up1:svc, AF_INET -> ok: 192.0.2.7",
        "setsockopt IP_BIND_ADDRESS_NO_PORT, 1 -> ok",
        "bind 192.0.2.7, 0 -> ok",
    ]
    # Only IPv4 addresses have labels: of a name with addresses of both families the IPv4 one is taken.
    names = with_hosts(tmp_path / "hosts", *(f"{address} web.example" for address in WEB.values()))
    assert curl(lab.host, "up1:svc", "http://web.example/", tuple(names)) == (0, "192.0.2.7")
    (named,) = wrapped(lab.host, names, {"destination": "web.example", "interface": "up1:svc"})
    assert (named["address"], named["source"], named["error"]) == (WEB[4], "192.0.2.7", None)


def test_interface_letter_case(unchanged_lab: Lab, module: ModuleRunner) -> None:
    """As in curl 8.23: UP1 is not up1. Up to 8.21, curl bound to the address of up1."""
    probe = one(module, WEB[4], ns=unchanged_lab.host, interface="if!UP1")
    assert probe["error"].startswith("ENODEV: ") and probe["source"] is None
    code, seen = curl(unchanged_lab.host, "if!UP1", url(WEB[4]))
    if curl_version() <= (8, 21):
        assert (code, seen) == (0, UPLINKS["up1"][4])
    elif curl_version() >= (8, 23):
        assert code == 45


def with_hosts(path: Path, *lines: str) -> list[str]:
    """A command that runs another one with these lines as /etc/hosts."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /etc/hosts; exec "$@"', str(path)]


@pytest.mark.parametrize("family", [4, 6])
def test_interface_host_name(unchanged_lab: Lab, tmp_path: Path, family: int) -> None:
    names = with_hosts(tmp_path / "hosts", *(f"{address} service.example" for address in HOST_SOURCE.values()))
    code, seen = curl(unchanged_lab.host, "service.example", url(WEB[family]), tuple(names))
    options = {"protocol": "tcp", "port": 80, "interface": "service.example", "capture": True}
    (probe,) = wrapped(unchanged_lab.host, names, {"destination": WEB[family], **options})
    assert (code, seen) == (0, HOST_SOURCE[family])
    assert (probe["source"], probe["wire"]["source"], probe["error"]) == (seen, seen, None)
    found = f"getaddrinfo service.example, AF_INET{'6' if family == 6 else ''} -> ok: {seen}"
    assert calls(probe)[3] == found


@pytest.mark.parametrize("family", [4, 6])
def test_interface_goes_on_with_the_next_destination_address(unchanged_lab: Lab, tmp_path: Path, family: int) -> None:
    """A host name with addresses of both families, an interface of one: the destination address that fits is taken."""
    names = with_hosts(tmp_path / "hosts", *(f"{address} web.example" for address in WEB.values()))
    source = HOST_SOURCE[family]
    code, seen = curl(unchanged_lab.host, source, "http://web.example/", tuple(names))
    assert (code, seen) == (0, source)
    by_interface, by_address, either = wrapped(
        unchanged_lab.host,
        names,
        {"destination": "web.example", "interface": source},
        {"destination": "web.example", "bind_address": source},
        {"destination": "web.example"},
    )
    for probe in (by_interface, by_address):
        assert (probe["address"], probe["source"], probe["error"]) == (WEB[family], source, None)
    assert either["address"] in WEB.values() and either["error"] is None


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("interface", ["up1", "if!up1", "if!lo", "up1:svc", "source", "if!nosuch"])
def test_interface_when_the_device_is_not_permitted(lab: Lab, interface: str, family: int) -> None:
    """EPERM on SO_BINDTODEVICE: the interface's address is bound, and the packet may leave by another device."""
    lab.host.ip("address add 192.0.2.7/32 dev up1 label up1:svc")
    deny = [sys.executable, "-I", str(TOOLS / "deny_bindtodevice.py")]
    interface = interface.replace("source", HOST_SOURCE[family])
    code, seen = curl(lab.host, interface, url(WEB[family]), tuple(deny))
    options = {"protocol": "tcp", "port": 80, "interface": interface, "capture": True, "timeout": 2}
    (probe,) = wrapped(lab.host, deny, {"destination": WEB[family], **options})
    assert calls(probe)[1].endswith("-> EPERM: Operation not permitted")
    if code == 0:
        assert (probe["error"], probe["source"], probe["wire"]["source"]) == (None, seen, seen)
        assert probe["wire"]["device"] == "up0"
    else:
        assert probe["error"], f"curl exits {code}"
    succeeds = interface in ("up1", "if!up1", HOST_SOURCE[family]) or (
        interface in ("up1:svc", "if!lo") and family == 4
    )
    assert (code == 0) is succeeds or interface == "if!lo"


def test_interface_address_has_the_scope_of_the_destination(routed: Host) -> None:
    """EPERM on SO_BINDTODEVICE: a link-local destination gets the interface's link-local address, not a global one."""
    own, peer = link_local(routed, "v0"), link_local(routed.peer, "v0")
    topology.start_web_server(routed.peer)
    deny = [sys.executable, "-I", str(TOOLS / "deny_bindtodevice.py")]
    options = {"protocol": "tcp", "port": 80, "interface": "if!v0", "capture": True}
    (probe,) = wrapped(routed, deny, {"destination": f"{peer}%v0", **options})
    assert calls(probe)[2] == f"getifaddrs v0, AF_INET6 -> ok: {own}"
    assert curl(routed, "if!v0", url(f"{peer}%25v0"), tuple(deny)) == (0, own)
    assert (probe["source"], probe["wire"]["source"], probe["error"]) == (own, own, None)
    routed.ip("-6 address flush dev v0 scope global")
    routed.ip(f"route replace {routed.P6} via {routed.G6_V1}")
    (none,) = wrapped(routed, deny, {"destination": PEER[6], **options})
    assert none["error"] == "EAFNOSUPPORT: interface v0 has no IPv6 (global) address"
    assert curl(routed, "v0", url(PEER[6]), tuple(deny))[0] != 0
