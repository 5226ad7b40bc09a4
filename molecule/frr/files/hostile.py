# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: hostile.py COUNT     prints a JSON list of the frr.conf of COUNT random intents, each with hostile text in it.

What the intent refuses is not printed; what it accepts must be good FRR. Also in the list: 10,000 entries.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / ".ansible/collections"))
# E402: what follows is found by the path above.
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.conf import edit, read  # noqa: E402
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.objects import build  # noqa: E402
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Config, Objects  # noqa: E402
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError  # noqa: E402
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise  # noqa: E402

NAMES = [
    "plain",
    "with (brackets)",
    "a\nend",
    "!",
    '"',
    "'",
    "{{ x }}",
    "$(reboot)",
    "`id`",
    "; exit",
    "no router bgp",
    "é",
]
VRFS = [None, None, "red", "10", "a.b-c", "a b", "x\nexit", "no", "-", "r;d", "exit-vrf", "permit", "0123456789abcde"]
PROTOCOLS = [["bgp"], ["ospf"], ["static"], ["rip", "isis"], ["any"], ["babel"], ["eigrp"], ["openfabric", "nhrp"]]


def prefix(pick: random.Random, family: int) -> str:
    if family == 4:
        length = pick.choice([0, 1, 8, 15, 24, 31, 32])
        return f"{(pick.getrandbits(32) >> (32 - length) << (32 - length)) if length else 0}/{length}"
    return f"2001:db8:{pick.randrange(1, 65536):x}::/48" if pick.random() < 0.8 else "::/0"


def text(number: str) -> str:
    value, _slash, length = number.partition("/")
    if ":" in number:
        return number
    return ".".join(str(int(value) >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"


def policy(pick: random.Random) -> dict[str, Any]:
    family = pick.choice([4, 4, 6])
    protocols = pick.choice(PROTOCOLS)
    return {
        "name": f"{pick.choice(NAMES)} {pick.randrange(10**6)}",
        "destinations": sorted({text(prefix(pick, family)) for _n in range(pick.randrange(1, 6))}),
        "match": pick.choice(["exact", "orlonger"]),
        "protocols": ["isis"] if family == 6 and protocols == ["eigrp"] else protocols,
        "vrf": pick.choice(VRFS),
        "source": pick.choice(["192.0.2.1", "198.51.100.1"] if family == 4 else ["2001:db8:ff::1"]),
    }


def route(pick: random.Random) -> dict[str, Any]:
    device = pick.choice(
        [None, "eth0", "eth0.100", "eth0; end", "lo\n!", "table", "tag", "blackhole", "Null0", "reject"]
    )
    return {
        "destination": f"100.64.{pick.randrange(256)}.0/24",
        "gateway": pick.choice([None, "10.0.0.1"]),
        "device": device,
        "onlink": pick.choice([None, True]),
        "table": pick.choice([None, 100, 4294967295]),
        "source": "192.0.2.1",
    }


def written(objects: Objects) -> str:
    content = edit(read(b"", "frr.conf", "SIP-", 1330133), objects).content or b""
    return content.decode()


def main() -> None:
    pick = random.Random(20261123)
    found: list[str] = []
    tried = 0
    many = {
        "destinations": [f"10.{n >> 8}.{n & 255}.0/24" for n in range(10000)],
        "source": "192.0.2.1",
        "match": "orlonger",
    }
    wanted: list[tuple[list[Any], list[Any]]] = [([], [many])]
    while len(found) < int(sys.argv[1]):
        tried += 1
        wanted.append(
            ([route(pick) for _n in range(pick.randrange(3))], [policy(pick) for _n in range(pick.randrange(3))])
        )
        routes, policies = wanted.pop(0)
        try:
            intent = normalise([], routes, policies, backend="frr")
        except IntentError:
            continue
        objects = build(intent, Config(), "SIP-", 1330133)
        found.append(written(objects))
    print(f"{tried} intents, {len(found)} accepted", file=sys.stderr)
    print(json.dumps(found))


main()
