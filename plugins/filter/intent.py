# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.intent`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._base.errors import IntentError
from ..module_utils._intent.normal import normalise
from ..plugin_utils._variables import LISTS

_VARIABLES = {variable: option for option, variable in LISTS.items()}


def intent(value: Any, backend: str | None = None) -> dict[str, list[Any]]:
    """Validate and normalise an intent; the shape of the result is in module_utils/_intent/normal.py."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError(f"l3host.source_ip.intent needs a mapping with any of {', '.join(_VARIABLES)}")
    unknown = sorted(str(key) for key in value if key not in _VARIABLES)
    if unknown:
        raise AnsibleFilterError(f"l3host.source_ip.intent: unknown key {unknown[0]!a}; known: {', '.join(_VARIABLES)}")
    try:
        return normalise(**{short: value.get(key) for key, short in _VARIABLES.items()}, backend=backend)
    except IntentError as error:
        raise AnsibleFilterError(f"The intent cannot be used:\n{error}") from error


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"intent": intent}
