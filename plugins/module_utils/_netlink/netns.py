# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network namespaces. PRIVATE to the collection."""

from __future__ import annotations

import ctypes
import errno
import os

from .._base.errors import InvalidInput

_CLONE_NEWNET = 0x40000000


def enter_netns(name: str) -> None:
    """Move this process into an existing network namespace, by name or path. Never creates one (``setns(2)``)."""
    path = name if "/" in name else f"/var/run/netns/{name}"
    try:
        # Names are bytes to the kernel; which text encoding the task was started with has no say in it.
        with open(path.encode("utf-8", "surrogateescape"), "rb") as handle:
            # By hand: Python has os.setns from 3.12 on, and probe enters namespaces on hosts without pyroute2.
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
    except FileNotFoundError:
        raise InvalidInput(f"netns: there is no network namespace {name!r}; see 'ip netns list'") from None
    except ValueError:
        raise InvalidInput(f"netns: {name!r} can be no name") from None
    except OSError as error:
        way_out = "; use become: true" if error.errno in (errno.EPERM, errno.EACCES) else ""
        raise InvalidInput(f"netns: cannot enter {name!r}: {error.strerror}{way_out}") from error
