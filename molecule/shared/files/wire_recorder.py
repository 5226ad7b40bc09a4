# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the source of every UDP packet to PORT whose payload names a token, as it arrives on the wire.

Runs on the neighbour. AF_PACKET (packet(7)) sees a packet before the neighbour's own routes and filters judge it, so
nothing needs to listen on the destination, and the destination need not exist.
  wire_recorder.py FILE                 records for ever, one JSON object per packet
  wire_recorder.py FILE TOKEN NUMBER    prints {destination: source} of that token's packets, once NUMBER destinations
                                        are there or after WAIT seconds (the first packet waits for ARP or ND)
"""

from __future__ import annotations

import ipaddress
import json
import socket
import struct
import sys
import time

PORT = 33434
MARK = b"source_ip "
WAIT = 3.0
ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD


def parse(ethertype: int, packet: bytes) -> dict[str, str] | None:
    """Source, destination and token of one packet without its link header; None for anything that is not ours."""
    if ethertype == ETH_P_IP and len(packet) >= 20 and packet[9] == socket.IPPROTO_UDP:
        source, destination, payload = packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 :]
    elif ethertype == ETH_P_IPV6 and len(packet) >= 40 and packet[6] == socket.IPPROTO_UDP:
        source, destination, payload = packet[8:24], packet[24:40], packet[40:]
    else:
        return None
    if len(payload) < 8 or struct.unpack_from("!H", payload, 2)[0] != PORT or not payload[8:].startswith(MARK):
        return None
    return {
        "source": str(ipaddress.ip_address(source)),
        "destination": str(ipaddress.ip_address(destination)),
        "token": payload[8 + len(MARK) :].decode("ascii", "replace"),
    }


def record(path: str) -> None:
    """Append every packet that is ours to the file, for ever."""
    receiver = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    with open(path, "a", encoding="ascii", buffering=1) as file:
        while True:
            packet, (device, ethertype, kind, *_rest) = receiver.recvfrom(65535)
            found = None if kind == socket.PACKET_OUTGOING else parse(ethertype, packet)
            if found:
                file.write(json.dumps({**found, "device": device}) + "\n")


def seen(path: str, token: str) -> dict[str, str]:
    """The source of each destination that the token's packets had; several sources are joined by a comma."""
    sources: dict[str, set[str]] = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            if token in line and line.endswith("\n"):
                packet = json.loads(line)
                sources.setdefault(packet["destination"], set()).add(packet["source"])
    return {destination: ",".join(sorted(found)) for destination, found in sources.items()}


def read(path: str, token: str, number: int) -> dict[str, str]:
    """What was seen, as soon as it is complete, and at the latest after WAIT seconds."""
    deadline = time.monotonic() + WAIT
    while True:
        found = seen(path, token)
        if len(found) >= number or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        record(sys.argv[1])
    else:
        print(json.dumps(read(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
