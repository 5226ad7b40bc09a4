# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the archive in which Ansible sends a module. PRIVATE to the collection.

It holds sources. To name the file of one, Python's zipimport compiles it, throws that away, and compiles it again to
run it: for some sixty modules a tenth of a second.
"""

from __future__ import annotations

import sys
import zipimport


class Importer(zipimport.zipimporter):
    """zipimport's importer, which names the file of a module without compiling it."""

    def get_filename(self, fullname: str) -> str:
        """As zipimport, of a module that is a source."""
        end = "/__init__.py" if self.is_package(fullname) else ".py"
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}{end}"


def compile_once() -> None:
    """From here on, what is imported from an archive is compiled once."""
    if Importer in sys.path_hooks:
        return
    sys.path_hooks.insert(0, Importer)
    for path, importer in list(sys.path_importer_cache.items()):
        if isinstance(importer, zipimport.zipimporter):
            del sys.path_importer_cache[path]
