# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting a process to where it may make network namespaces, as root or as anybody."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ENTERED = "L3HOST_LAB_ENTERED"
CAP_NET_ADMIN = 12
CAP_SYS_ADMIN = 21

# A private /run, because iproute2 keeps namespaces in /run/netns: what is made here is seen by nobody else and
# vanishes with the last process, however that one ends.
_INSIDE = 'mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up && exec "$@"'

_HELP = """This machine does not let {user} make network namespaces: {cause}.
Either run the same command with sudo, or allow user namespaces:
  Debian, older kernels   sysctl kernel.unprivileged_userns_clone=1
  Ubuntu 23.10 and newer  sysctl kernel.apparmor_restrict_unprivileged_userns=0
  anywhere                sysctl user.max_user_namespaces=10000
  inside a container      start it with --privileged"""


class NotPermitted(Exception):
    """Namespaces can't be made here; the text says why and what to do."""


def privileged() -> bool:
    """Whether this process holds the two capabilities that namespaces need (capabilities(7))."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = int(next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1], 16)
    return all(effective >> capability & 1 for capability in (CAP_NET_ADMIN, CAP_SYS_ADMIN))


def entered() -> bool:
    """Whether this process runs below ``command()`` already."""
    return os.environ.get(ENTERED) == "1"


def command(argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` in namespaces of its own; raises NotPermitted if there is no way."""
    missing = [tool for tool in ("unshare", "nsenter", "ip") if not shutil.which(tool)]
    if missing:
        raise NotPermitted(f"{', '.join(missing)} not found: install util-linux and iproute2")
    flags = ["--net", "--mount"] if privileged() else ["--user", "--map-root-user", "--net", "--mount"]
    tried = subprocess.run(
        ["unshare", *flags, "sh", "-c", _INSIDE, "sh", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        user = "root" if os.geteuid() == 0 else "an ordinary user"
        raise NotPermitted(_HELP.format(user=user, cause=tried.stderr.strip() or f"unshare exited {tried.returncode}"))
    return ["unshare", *flags, "sh", "-c", _INSIDE, "sh", *argv]


def enter(argv: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
    """Replace this process by ``argv`` in namespaces of its own; on refusal print why and exit with 77."""
    try:
        line = command(argv)
    except NotPermitted as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(77)
    os.execvpe(line[0], line, {**(environ or os.environ), ENTERED: "1"})


def drop_capabilities() -> None:
    """Give up every capability of this process (capset(2)); it then is as anybody, whatever its user id."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")
