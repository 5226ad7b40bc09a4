# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record what passes a link, both ways: who asks whom over TCP. Runs on an upstream neighbour.

link_log.py DEVICE FILE          records the TCP packets to and from PORT on the device, for ever, one line each
link_log.py FILE SINCE ADDRESS[,ADDRESS]... CLIENT_PORT...
                                 prints {client port: [what was seen, each once]}, as "from the host: SOURCE > TO", of
                                 what one of the addresses had part in since then, by time.time(): ports come again
"""

from __future__ import annotations

import ipaddress
import json
import socket
import struct
import sys
import time

PORT = 2222
ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
ETH_P_IPV6 = 0x86DD
# Seconds that the recorder may be behind.
BEHIND = 0.3


def parse(ethertype: int, packet: bytes) -> tuple[str, int] | None:
    """("SOURCE > DESTINATION", the client's port) of a packet without its link header; None for anything else."""
    if ethertype == ETH_P_IP and len(packet) >= 20 and packet[9] == socket.IPPROTO_TCP:
        source, destination, segment = packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 :]
    elif ethertype == ETH_P_IPV6 and len(packet) >= 40 and packet[6] == socket.IPPROTO_TCP:
        source, destination, segment = packet[8:24], packet[24:40], packet[40:]
    else:
        return None
    ports = set(struct.unpack_from("!HH", segment)) - {PORT} if len(segment) >= 4 else set()
    if len(ports) != 1:
        return None
    return f"{ipaddress.ip_address(source)} > {ipaddress.ip_address(destination)}", ports.pop()


def record(device: str, path: str) -> None:
    """Append, for ever."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as receiver:
        receiver.bind((device, ETH_P_ALL))
        with open(path, "a", encoding="ascii", buffering=1) as file:
            while True:
                try:
                    packet, (_device, ethertype, kind, *_rest) = receiver.recvfrom(65535)
                except OSError:  # the link is down; the socket goes on when it is up again
                    continue
                found = parse(ethertype, packet)
                if found:
                    way = "to" if kind == socket.PACKET_OUTGOING else "from"
                    file.write(f"{time.time()} {found[1]} {way} the host: {found[0]}\n")


def seen(path: str, since: float, addresses: list[str], ports: list[str]) -> dict[str, list[str]]:
    """What there is of each port."""
    found: dict[str, set[str]] = {port: set() for port in ports}
    with open(path, encoding="ascii") as file:
        for line in file:
            if not line.endswith("\n"):
                continue
            at, port, text = line.rstrip("\n").split(" ", 2)
            if port in found and float(at) >= since and not set(addresses).isdisjoint(text.split()):
                found[port].add(text)
    return {port: sorted(texts) for port, texts in found.items()}


if __name__ == "__main__":
    if sys.argv[1].startswith("/"):
        time.sleep(BEHIND)
        print(json.dumps(seen(sys.argv[1], float(sys.argv[2]), sys.argv[3].split(","), sys.argv[4:])))
    else:
        record(sys.argv[1], sys.argv[2])
