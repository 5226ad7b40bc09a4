# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of a fleet document mean, for people who read a report. Pure. PRIVATE to the collection."""

from __future__ import annotations

from ...module_utils._backends.finding import PROBLEMS as _FINDINGS
from ...module_utils._explain.reasons import REASONS

__all__ = ["PROBLEMS", "REASONS"]

#: Everything that can be wrong with a line of a report, in the order in which to look at it.
PROBLEMS = {
    "unreachable": "the host was not reached",
    "failed": "the host was reached, and the question ended with an error",
    **_FINDINGS,
    "differs": "the answer is not as it should be; another finding of the host may say why",
    "connection": "an open connection leaves with another source; it keeps it until it ends",
}
