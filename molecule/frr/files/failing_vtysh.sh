#!/bin/sh
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The real vtysh, but to the file number $(cat /run/failing_vtysh) that it loads it adds a line that FRR refuses with
# exit status 0, the lines before it having been taken.
if [ "$1" = -f ] && [ -e /run/failing_vtysh ]; then
  left=$(($(cat /run/failing_vtysh) - 1))
  echo $left >/run/failing_vtysh
  if [ $left = 0 ]; then
    rm /run/failing_vtysh
    printf 'route-map SIP-TEST permit 10\n set src 127.0.0.1\nexit\n' >>"$2"
  fi
fi
exec vtysh "$@"
