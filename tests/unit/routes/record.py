# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records golden/routes.json on a real kernel, by this command:
``tests/tools/in-namespace .venv/bin/python -m tests.unit.routes.record``.

Needs root. For each kind of route: what the kernel dumped, the request that puts it back, the request that sets a
source. Both requests are sent, and the kernel must hold what was meant, before anything is written down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / ".ansible" / "collections"))

from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import parse_address, parse_prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._host.host import snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.kernel import Kernel
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.wire import Message
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._routes import line as _decode
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import USER_HZ, Payload, join
from tests.kernel.test_prefsrc import KINDS, source_for
from tests.lab.pair import Host

GOLDEN = Path(__file__).parent / "golden" / "routes.json"


def _routes(kernel: Kernel, family: int) -> list[bytes]:
    chunks = kernel.dump_routes(family, 254)
    return [one[3] for chunk in chunks for one in wire.messages(chunk) if one[0] == wire.RTM_NEWROUTE]


def dumped(kernel: Kernel, destination: str) -> list[bytes]:
    prefix = parse_prefix(destination, "destination")
    return [one for one in _routes(kernel, prefix.family) if wire.destination_of(one) == prefix]


def without_ticks(payload: bytes) -> bytes:
    """The payload with the lifetime, which runs, rounded to a multiple of ten seconds."""
    read = Payload(payload)
    attrs = dict(read.attrs)
    if wire.RTA_CACHEINFO in attrs:
        left = int.from_bytes(attrs[wire.RTA_CACHEINFO][8:12], "little", signed=True)
        seconds = round(left / USER_HZ, -1) if left > 0 else 0
        ticks = (int(seconds) * USER_HZ).to_bytes(4, "little")
        attrs[wire.RTA_CACHEINFO] = attrs[wire.RTA_CACHEINFO][:8] + ticks + attrs[wire.RTA_CACHEINFO][12:]
    return join(read.header, attrs)


def send(kernel: Kernel, request: bytes) -> None:
    sent = kernel.send([Message(wire.RTM_NEWROUTE, wire.NLM_F_REPLACE, request)])
    assert not sent.failures, sent.failures


def record(kind: str) -> dict[str, str]:
    """Runs inside the namespace that ``main`` prepared."""
    commands, destination = KINDS[kind]
    source = parse_address(source_for(destination), "source")[1]
    with Kernel() as kernel:
        (before,) = dumped(kernel, destination)
        names = snapshot(kernel).names
        echo = edit.echo(Payload(before))
        send(kernel, echo)
        assert [without_ticks(one) for one in dumped(kernel, destination)] == [without_ticks(before)], kind
        request = edit.with_source(Payload(before), source)
        send(kernel, request)
        (after,) = dumped(kernel, destination)
    got, expected = Payload(without_ticks(after)), Payload(without_ticks(before))
    assert got.attrs.pop(wire.RTA_PREFSRC) == source
    expected.attrs.pop(wire.RTA_PREFSRC, None)
    assert (got.header, got.attrs) == (expected.header, expected.attrs), kind
    return {
        "command": "; ".join(commands),
        "destination": destination,
        "devices": ",".join(f"{index}={name}" for index, name in sorted(names.items())),
        "dumped": before.hex(),
        "echo": echo.hex(),
        "source": source.hex(),
        "with_source": request.hex(),
        "line": _decode.line(before, names),
        "line_with_source": _decode.line(request, names),
    }


def main() -> None:
    found = {}
    for kind, (commands, _destination) in KINDS.items():
        with Host() as host:
            for command in commands:
                host.ip(command)
            found[kind] = json.loads(host.run([sys.executable, "-m", "tests.unit.routes.record", kind]).stdout)
    GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} kinds of routes recorded in {GOLDEN}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(record(sys.argv[1])))
    else:
        main()
