# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""probe on the real kernel: what the socket got, in which calls, and what its peer saw."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab import topology
from tests.lab.modules import PACKAGE, ModuleRunner, answer, arguments, collections_path
from tests.lab.netns import Namespace
from tests.lab.pair import Host
from tests.lab.topology import HOST_SOURCE, UPLINKS, WEB, Lab

TOOLS = Path(__file__).parent / "tools"
PEER = {4: "198.51.100.34", 6: "2001:db8:100::34"}
Result = dict[str, Any]


def one(module: ModuleRunner, destination: str, *, ns: Namespace | None = None, **options: Any) -> Result:
    """The result of a single probe that runs in a task of its own."""
    result = module.ok("probe", {"probes": [{"destination": destination, **options}]}, ns=ns)
    assert result["changed"] is False
    (probe,) = result["probes"]
    return dict(probe)


def wrapped(ns: Namespace, prefix: list[str], *probes: Result) -> list[Result]:
    """Results of the module in a process of its own, started through a command that takes something away from it."""
    argv = [*prefix, sys.executable, "-m", f"{PACKAGE}.probe"]
    environment = {**os.environ, "PYTHONPATH": str(collections_path())}
    task = arguments({"probes": list(probes)}).decode()
    done = ns.run(argv, text_input=task, env=environment, check=False)
    result = answer(done.stdout, done.stderr, done.returncode)
    assert not result.get("failed"), result
    return list(result["probes"])


def calls(probe: Result) -> list[str]:
    return [" ".join(filter(None, (call["call"], call["arguments"], "->", call["result"]))) for call in probe["calls"]]


@contextlib.contextmanager
def listener(ns: Namespace, port: int) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-I", str(TOOLS / "listener.py"), str(port)]
    with ns.popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout and process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout
    return process.stdout.readline().split(maxsplit=3)


def sent(ns: Namespace) -> int:
    """How many UDP datagrams this namespace has sent."""
    text = ns.run(["sh", "-c", "cat /proc/net/snmp /proc/net/snmp6"]).stdout
    names, values = (line.split() for line in text.splitlines() if line.startswith("Udp:"))
    six = re.search(r"^Udp6OutDatagrams\s+(\d+)", text, re.MULTILINE)
    assert six
    return int(values[names.index("OutDatagrams")]) + int(six[1])


@pytest.fixture
def routed(ns: Host) -> Host:
    ns.batch([f"route add {ns.P4} via {ns.G4}", f"route add {ns.P6} via {ns.G6}"])
    return ns


def test_a_plain_udp_probe_sends_nothing_and_a_capture_one_datagram(routed: Host, module: ModuleRunner) -> None:
    before = sent(routed)
    for destination in PEER.values():
        assert one(module, destination)["error"] is None
    assert sent(routed) == before
    for destination in PEER.values():
        assert one(module, destination, capture=True)["wire"]
    assert sent(routed) == before + 2


@pytest.mark.parametrize("family", [4, 6])
def test_calls_in_their_order(routed: Host, module: ModuleRunner, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    probe = one(module, PEER[family], port=53, mark=7, bind_device="v0", bind_address=source, capture=True)
    assert calls(probe) == [
        f"socket AF_INET{'6' if family == 6 else ''}, SOCK_DGRAM -> ok",
        "setsockopt SO_MARK, 7 -> ok",
        "setsockopt SO_BINDTODEVICE, v0 -> ok",
        f"bind {source}, 0 -> ok",
        f"connect {PEER[family]}, 53 -> ok",
        "getsockname -> ok",
        "send 39 bytes -> ok",
    ]
    assert (probe["source"], probe["error"]) == (source, None)
    assert probe["wire"] == {"source": source, "source_port": probe["source_port"], "device": "v0"}


def test_the_source_is_that_of_the_route(routed: Host, module: ModuleRunner) -> None:
    assert [one(module, PEER[family])["source"] for family in (4, 6)] == ["10.0.0.1", "2001:db8::2"]
    routed.batch([f"route change {routed.P4} via {routed.G4} src {routed.S4}"])
    routed.batch([f"route replace {routed.P6} via {routed.G6} src {routed.S6_OTHER}"])
    probes = module.ok("probe", {"probes": [{"destination": a} for a in PEER.values()]}, check=True)["probes"]
    assert [probe["source"] for probe in probes] == [routed.S4, routed.S6_OTHER]


@pytest.mark.parametrize(("destination", "address"), [(PEER[4], "192.0.2.99"), (PEER[6], "2001:db8:ff::99")])
def test_binding_to_a_foreign_address(routed: Host, module: ModuleRunner, destination: str, address: str) -> None:
    probe = one(module, destination, bind_address=address, capture=True)
    assert calls(probe)[-1] == f"bind {address}, 0 -> EADDRNOTAVAIL: Cannot assign requested address"
    assert probe["error"].startswith("EADDRNOTAVAIL: Cannot assign requested address (bind ")
    assert (probe["source"], probe["wire"], probe["wire_error"]) == (None, None, "nothing was sent")


def test_facts_b_v4_source_in_another_table_dangles(ns: Host, module: ModuleRunner) -> None:
    """Facts B, address goes away: the route stays, connect() fails; re-added, it works again."""
    ns.batch([f"route add {ns.P4} via {ns.G4} src {ns.S4_OTHER} table 100", "rule add pref 100 lookup 100"])
    assert one(module, PEER[4])["source"] == ns.S4_OTHER
    ns.ip(f"address delete {ns.S4_OTHER}/32 dev lo")
    assert f"src {ns.S4_OTHER}" in ns.ip(f"route get {PEER[4]}")
    probe = one(module, PEER[4])
    assert calls(probe)[-1] == f"connect {PEER[4]}, 9 -> ENETUNREACH: Network is unreachable"
    assert probe["error"].startswith("ENETUNREACH: ") and (probe["source"], probe["source_port"]) == (None, None)
    assert one(module, PEER[4], protocol="tcp", port=80)["error"].startswith("ENETUNREACH: ")
    ns.ip(f"address add {ns.S4_OTHER}/32 dev lo")
    assert one(module, PEER[4])["source"] == ns.S4_OTHER


def test_facts_b_v6_nexthop_object_sends_from_a_foreign_source(ns: Host, module: ModuleRunner) -> None:
    """Facts B: v6 with nhid stays dangling, and packets leave with a source that the host does not have."""
    ns.batch([f"nexthop add id 7 via {ns.G6} dev v0", f"route add {ns.P6} nhid 7 src {ns.S6_OTHER}"])
    ns.ip(f"address delete {ns.S6_OTHER}/128 dev lo")
    probe = one(module, PEER[6], capture=True)
    assert (probe["source"], probe["error"]) == (ns.S6_OTHER, None)
    assert probe["wire"]["source"] == ns.S6_OTHER


@pytest.mark.parametrize(
    ("kind", "error"),
    [("unreachable", "EHOSTUNREACH"), ("prohibit", "EACCES"), ("blackhole", "EINVAL"), ("throw", "ENETUNREACH")],
)
def test_routes_that_lead_nowhere(ns: Host, module: ModuleRunner, kind: str, error: str) -> None:
    ns.batch([f"route add {kind} {ns.P4}", f"route add {kind} {ns.P6}"])
    for destination in PEER.values():
        assert one(module, destination)["error"].startswith(f"{error}: ")


def test_a_mark_chooses_the_table(routed: Host, module: ModuleRunner) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4} src {routed.S4_OTHER} table 100", "rule add fwmark 7 lookup 100"]
    )
    assert one(module, PEER[4], mark=7)["source"] == routed.S4_OTHER
    assert one(module, PEER[4], mark=8)["source"] == "10.0.0.1"
    assert one(module, PEER[4], mark=0xFFFFFFFF)["source"] == "10.0.0.1"


def test_a_device_chooses_the_source(routed: Host, module: ModuleRunner) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    for family, source in ((4, "10.1.0.1"), (6, "2001:db8:1::1")):
        probe = one(module, PEER[family], bind_device="v1", capture=True)
        assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (source, source, "v1")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_the_wire_is_what_the_peer_sees(routed: Host, module: ModuleRunner, protocol: str, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], protocol=protocol, port=7777, bind_address=source, capture=True)
        name, address, port, *payload = heard(peer)
    assert (name, address, int(port)) == (protocol, source, probe["source_port"])
    assert probe["wire"] == {"source": address, "source_port": int(port), "device": "v0"}
    assert (
        re.fullmatch(r"l3host\.source_ip probe [0-9a-f]{16}", payload[0].strip()) if protocol == "udp" else not payload
    )


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed: no address translation to test with")
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
@pytest.mark.parametrize("family", [4, 6])
def test_the_wire_differs_from_the_socket_behind_translation(
    routed: Host, module: ModuleRunner, protocol: str, family: int
) -> None:
    translated = {4: "10.0.0.2", 6: "2001:db8::1"}[family]
    ip = {4: "ip", 6: "ip6"}[family]
    target = f"[{translated}]:4000-4001" if family == 6 else f"{translated}:4000-4001"
    hook = f"type nat hook postrouting priority 100; oif v0 meta l4proto {protocol} snat to {target};"
    routed.run(["nft", "-f", "-"], text_input=f"table {ip} t {{\nchain c {{\n{hook}\n}}\n}}\n")
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], protocol=protocol, port=7777, bind_address=source, capture=True, timeout=1)
        _name, address, port, *_payload = heard(peer)
    assert (probe["source"], address) == (source, translated)
    assert probe["wire"] == {"source": translated, "source_port": int(port), "device": "v0"}
    assert probe["source_port"] != int(port)


def test_the_wire_names_the_device_of_the_route_and_not_the_port_of_a_bridge(
    routed: Host, module: ModuleRunner
) -> None:
    routed.batch(
        [
            "link add br0 type bridge",
            "link set br0 up",
            "link set v0 master br0",
            "address flush dev v0",
            "address add 10.0.0.1/24 dev br0",
            f"route replace {routed.P4} via {routed.G4}",
        ]
    )
    assert one(module, PEER[4], capture=True, timeout=20)["wire"]["device"] == "br0"


def test_a_destination_on_this_host_leaves_on_lo(ns: Host, module: ModuleRunner) -> None:
    for destination in (ns.S4, ns.S6):
        probe = one(module, destination, capture=True)
        assert (probe["source"], probe["wire"]["device"]) == (destination, "lo")


def test_a_silent_neighbour_means_nothing_on_the_wire(ns: Host, module: ModuleRunner) -> None:
    results = module.ok(
        "probe",
        {
            "probes": [
                {"destination": "10.0.0.77", "capture": True, "timeout": 0.3},
                {"destination": "2001:db8::77", "capture": True, "timeout": 0.3, "protocol": "tcp", "port": 80},
            ]
        },
    )["probes"]
    assert [probe["source"] for probe in results] == ["10.0.0.1", "2001:db8::2"]
    assert [probe["wire"] for probe in results] == [None, None]
    assert all("link-layer address is not found" in probe["wire_error"] for probe in results)
    assert results[0]["error"] is None and results[1]["error"].startswith("ETIMEDOUT: ")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_other_traffic_to_the_same_destination_is_told_apart(routed: Host, module: ModuleRunner, protocol: str) -> None:
    """40 probes, 16 at a time, to one port: each recognises its own packet."""
    options = {"protocol": protocol, "port": 81, "capture": True}
    probes = [
        {"destination": PEER[4 + 2 * (n % 2)], "bind_address": [routed.S4, routed.S6][n % 2], **options}
        for n in range(40)
    ]
    results = module.ok("probe", {"probes": probes})["probes"]
    assert [probe["wire"]["source_port"] for probe in results] == [probe["source_port"] for probe in results]
    assert [probe["wire"]["source"] for probe in results] == [probe["bind_address"] for probe in probes]


@pytest.mark.parametrize("family", [4, 6])
def test_a_refused_connection_has_a_source(routed: Host, module: ModuleRunner, family: int) -> None:
    probe = one(module, PEER[family], protocol="tcp", port=81, capture=True)
    assert probe["error"].startswith("ECONNREFUSED: Connection refused (connect ")
    assert probe["source"] == probe["wire"]["source"] == {4: "10.0.0.1", 6: "2001:db8::2"}[family]
    assert probe["wire"]["source_port"] == probe["source_port"]


def link_local(ns: Namespace, device: str) -> str:
    """The device's link-local address, once duplicate detection is done with it."""
    show = f"ip -6 address show dev {device} scope link"
    return (
        ns.run(["sh", "-c", f"until {show} -tentative | grep -q fe80; do sleep 0.05; done; {show}"])
        .stdout.split("inet6 ")[1]
        .split("/")[0]
    )


def test_link_local_destinations_need_a_device(ns: Host, module: ModuleRunner) -> None:
    own, peer = link_local(ns, "v0"), link_local(ns.peer, "v0")
    with listener(ns.peer, 7777) as process:
        probe = one(module, f"{peer}%v0", port=7777, capture=True)
        assert heard(process)[1] == own
        bound = one(module, peer, port=7777, bind_device="v0")
        curl = one(module, f"{peer}%v0", protocol="tcp", port=7777, interface="v0", capture=True)
    assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (own, own, "v0")
    assert f"connect {peer}%v0, 7777 -> ok" in calls(probe)
    assert (bound["source"], bound["error"]) == (own, None)
    assert (curl["source"], curl["wire"]["device"]) == (own, "v0")
    assert one(module, peer)["error"].startswith("EINVAL: ")


def test_without_capabilities(routed: Host) -> None:
    """SO_BINDTODEVICE is free from Linux 5.7 on; a mark and a capture are not, and say by name what they need."""
    unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    bound, mark, capture = wrapped(
        routed,
        unprivileged,
        {"destination": PEER[4], "interface": "v0"},
        {"destination": PEER[4], "mark": 7},
        {"destination": PEER[4], "capture": True},
    )
    assert (bound["error"], bound["source"]) == (None, "10.0.0.1")
    assert "setsockopt SO_BINDTODEVICE, v0 -> ok" in calls(bound)
    assert mark["error"].startswith("EPERM: ") and "needs CAP_NET_ADMIN" in mark["error"] and mark["source"] is None
    assert (capture["source"], capture["error"], capture["wire"]) == ("10.0.0.1", None, None)
    assert capture["wire_error"] == "EPERM: Operation not permitted (capturing needs CAP_NET_RAW)"


def test_the_netns_option(routed: Host, other_ns: Namespace, module: ModuleRunner) -> None:
    task = {"probes": [{"destination": PEER[4], "bind_device": "v0"}]}
    assert module.ok("probe", {**task, "netns": routed.name}, ns=other_ns)["probes"][0]["source"] == "10.0.0.1"
    before = sorted(os.listdir("/run/netns"))
    assert "nosuch" in module.fails("probe", {**task, "netns": "l3h-nosuch"}, ns=other_ns)["msg"]
    assert sorted(os.listdir("/run/netns")) == before


def test_everything_is_checked_before_the_first_socket(routed: Host, module: ModuleRunner) -> None:
    before = sent(routed)
    good = {"destination": PEER[4], "capture": True}
    for bad, text in (
        (
            {"destination": PEER[4], "bind_device": "nosuch"},
            "probes[1]: bind_device 'nosuch': device 'nosuch' does not exist",
        ),
        ({"destination": PEER[4], "port": 70000}, "probes[1]: port 70000 is not between 1 and 65535"),
        ({"destination": PEER[4], "bind_address": PEER[6]}, "of different families"),
        ({"destination": PEER[4], "bind_device": "v0", "interface": "v0"}, "mutually exclusive"),
        ({"destination": PEER[4], "protocol": "tcp"}, "port"),
    ):
        assert text in module.fails("probe", {"probes": [good, bad]})["msg"]
    assert sent(routed) == before


def test_host_names_that_do_not_resolve(ns: Host, module: ModuleRunner) -> None:
    for name in ("nosuch.invalid", "a..b", "x" * 70):
        failed = one(module, name, capture=True)
        assert failed["error"].startswith("EAI_") and "does not resolve" in failed["error"]
        assert (failed["address"], failed["source"], failed["wire_error"]) == (None, None, "nothing was sent")


def test_no_probes_at_all(ns: Host, module: ModuleRunner) -> None:
    assert module.ok("probe", {"probes": []})["probes"] == []


# --interface, beside curl itself


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


def test_on_a_host_without_pyroute2(ns: Host, other_ns: Namespace) -> None:
    ns.ip(f"route add 198.51.100.0/24 via {ns.G4} src {ns.S4}")
    without = (
        "import runpy, sys; sys.modules['pyroute2'] = None; "
        "runpy.run_module('ansible_collections.l3host.source_ip.plugins.modules.probe', run_name='__main__')"
    )
    args = {"probes": [{"destination": "198.51.100.34"}], "netns": ns.name}
    done = other_ns.run(
        [sys.executable, "-c", without],
        text_input=arguments(args).decode(),
        env={**os.environ, "PYTHONPATH": str(collections_path())},
        check=False,
    )
    (found,) = answer(done.stdout, done.stderr, done.returncode)["probes"]
    assert (found["source"], found["error"]) == (ns.S4, None)


@pytest.mark.parametrize("family", [4, 6])
def test_a_unicast_device_chooses_the_source_of_udp_alone(routed: Host, module: ModuleRunner, family: int) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    source = {4: "10.1.0.1", 6: "2001:db8:1::1"}[family]
    probe = one(module, PEER[family], unicast_device="v1", capture=True)
    assert (probe["source"], probe["wire"]["source"], probe["wire"]["device"]) == (source, source, "v1")
    assert calls(probe)[1] == f"setsockopt {'IP' if family == 4 else 'IPV6'}_UNICAST_IF, v1 -> ok"
    over_tcp = one(module, PEER[family], unicast_device="v1", protocol="tcp", port=7)
    assert over_tcp["source"] == {4: "10.0.0.1", 6: "2001:db8::2"}[family]


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_said_beside_a_packet_is_seen_on_the_wire(routed: Host, module: ModuleRunner, family: int) -> None:
    source = {4: routed.S4, 6: routed.S6}[family]
    with listener(routed.peer, 7777) as peer:
        probe = one(module, PEER[family], port=7777, packet_source=source, packet_device="v0", capture=True)
        _name, address, *_rest = heard(peer)
    assert (probe["source"], address, probe["wire"]["source"]) == (None, source, source)
    name = "IP_PKTINFO" if family == 4 else "IPV6_PKTINFO"
    assert calls(probe)[-2:] == [
        f"sendmsg 39 bytes to {PEER[family]}, 7777, {name}, {source}, v0 -> ok",
        "getsockname -> ok",
    ]


@pytest.mark.parametrize("family", [4, 6])
def test_a_device_beside_a_packet_leads_it_there(routed: Host, module: ModuleRunner, family: int) -> None:
    routed.batch(
        [f"route add {routed.P4} via {routed.G4_V1} metric 9", f"route add {routed.P6} via {routed.G6_V1} metric 2000"]
    )
    probe = one(module, PEER[family], packet_device="v1", capture=True)
    source = {4: "10.1.0.1", 6: "2001:db8:1::1"}[family]
    assert (probe["wire"]["source"], probe["wire"]["device"]) == (source, "v1")


def test_a_foreign_address_beside_a_packet_is_the_kernels_to_refuse(routed: Host, module: ModuleRunner) -> None:
    for family, address in ((4, "192.0.2.99"), (6, "2001:db8:ff::99")):
        probe = one(module, PEER[family], packet_source=address, capture=True)
        assert re.match(r"E[A-Z]+: .* \(sendmsg 39 bytes to .*; the address must be one of this host\)", probe["error"])
        assert probe["wire"] is None


def test_preferences_decide_among_addresses(routed: Host, module: ModuleRunner) -> None:
    """A temporary address (IFA_F_TEMPORARY) is made by the kernel from a managed one with a prefix of 64 bits."""
    routed.sysctl({"ipv6/conf/v0/use_tempaddr": 1})
    routed.ip("address add 2001:db8::abcd/64 dev v0 nodad mngtmpaddr preferred_lft 3600 valid_lft 7200")
    for _wait in range(200):
        found = [
            address["local"]
            for link in routed.ip_json("-6 address show dev v0")
            for address in link["addr_info"]
            if address.get("temporary") and not address.get("tentative")
        ]
        if found:
            break
        time.sleep(0.02)
    assert found
    assert one(module, PEER[6])["source"] not in found
    probe = one(module, PEER[6], preferences=["temporary"])
    assert probe["source"] in found
    assert calls(probe)[1] == "setsockopt IPV6_ADDR_PREFERENCES, temporary -> ok"
    assert one(module, PEER[6], preferences=["public"])["source"] not in found
    assert calls(one(module, PEER[4], preferences=["temporary"]))[1].startswith("connect ")
    both = one(module, PEER[6], preferences=["temporary", "public"])
    assert both["error"].startswith("EINVAL: Invalid argument (setsockopt IPV6_ADDR_PREFERENCES, temporary public;")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"packet_source": "192.0.2.2"}, "packet_source is for a datagram that is captured"),
        ({"packet_device": "v0", "capture": True, "protocol": "tcp", "port": 7}, "packet_device is for a datagram"),
        ({"packet_source": "2001:db8::1", "capture": True}, "needs a destination address of its family"),
        ({"packet_source": "here", "capture": True}, "packet_source 'here' is not an IP address"),
        ({"unicast_device": "nosuch0"}, "unicast_device 'nosuch0'"),
        ({"preferences": ["cheap"]}, "must be one or more of"),
    ],
)
def test_other_choices_are_checked(ns: Host, module: ModuleRunner, options: Result, words: str) -> None:
    assert words in module.fails("probe", {"probes": [{"destination": PEER[4], **options}]})["msg"]
