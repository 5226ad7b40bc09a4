# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: python3 keeper.zip [--document FILE] [--status FILE] [--once]

Keeps the intent of FILE on this host, in the foreground, until SIGTERM. When FILE changes, the next look reads it, and
SIGHUP asks for a look. --once: one look, then exit status 0 if everything is as the intent says, else 1.

Run by systemd, or by hand, by a container's entry point or by another supervisor. PRIVATE to the collection.
"""

# It is a program, without a module around it: it talks on its streams and ends with a status.
# pylint: disable=ansible-bad-function
from __future__ import annotations

import sys
import typing as t

from ..._base.errors import SourceIPError
from .loop import Keeper, Log
from .notify import Notify
from .places import Places
from .unit import NO_INTENT


def main(arguments: t.Sequence[str]) -> int:
    places = Places()
    given = {"--document": places.document, "--status": places.status}
    once = False
    words = iter(arguments)
    for word in words:
        if word == "--once":
            once = True
        elif word in given:
            given[word] = next(words, "")
        else:
            print(__doc__.partition("\n\nRun by")[0], file=sys.stderr)
            return 0 if word in ("-h", "--help") else 64
    keeper = Keeper(given["--document"], given["--status"], Log(sys.stdout), Notify())
    try:
        return keeper.once() if once else keeper.run()
    except SourceIPError as error:
        print(error.message, file=sys.stderr)
        return NO_INTENT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
