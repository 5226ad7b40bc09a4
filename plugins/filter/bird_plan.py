# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `l3host.source_ip.bird_plan`."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._backends._bird.plan import plan
from ..module_utils._base.errors import SourceIPError


def bird_plan(intent: dict[str, Any], config: str, path: str, **options: Any) -> dict[str, Any]:
    """What the role bird does; the shape of the result is in module_utils/_backends/_bird/plan.py."""
    try:
        # Bytes that are not UTF-8 (an operator's old comment) come through as surrogates, and go back as those bytes.
        text = base64.b64decode(config).decode("utf-8", "surrogateescape")
        result = plan(intent, text, path, **options)
    except (binascii.Error, SourceIPError) as error:
        raise AnsibleFilterError(str(error)) from error
    return {**result, "config_changed": result["config"] != text}


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"bird_plan": bird_plan}
