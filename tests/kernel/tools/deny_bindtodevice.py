# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command whose SO_BINDTODEVICE the kernel refuses with EPERM, as Linux before 5.7 does without CAP_NET_RAW.

``python deny_bindtodevice.py COMMAND …``: a seccomp filter (seccomp(2)), which the command and its children inherit.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

SETSOCKOPT = {"x86_64": 54, "aarch64": 208, "ppc64le": 339, "s390x": 366, "riscv64": 208}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD, EQUAL, GIVE = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# struct seccomp_data: int nr, __u32 arch, __u64 instruction_pointer, __u64 args[6]
NUMBER, LEVEL, OPTION = 0, 24, 32


def deny() -> None:
    low = 4 if sys.byteorder == "big" else 0
    steps = [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 0, 5, SETSOCKOPT[platform.machine()]),
        (LOAD, 0, 0, LEVEL + low),
        (EQUAL, 0, 3, socket.SOL_SOCKET),
        (LOAD, 0, 0, OPTION + low),
        (EQUAL, 0, 1, socket.SO_BINDTODEVICE),
        (GIVE, 0, 0, ERRNO | errno.EPERM),
        (GIVE, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HL", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)):
        if libc.prctl(*arguments) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    deny()
    os.execvp(sys.argv[1], sys.argv[1:])
