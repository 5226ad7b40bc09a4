#!/bin/sh
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The real vtysh, but to the file number $(cat /run/failing_vtysh) that it loads it adds a line that FRR refuses with
# exit status 0, the lines before it having been taken. So it does to every later file with the same end, and as
# commands these lines are refused, too: a line that FRR passed over without a word is given again.
refused=/run/failing_vtysh.refused
if [ "$1" = -f ]; then
  end=$(grep -vx exit "$2" | tail -n 1)
  if [ -e /run/failing_vtysh ]; then
    left=$(($(cat /run/failing_vtysh) - 1))
    echo $left >/run/failing_vtysh
    if [ $left = 0 ]; then
      rm /run/failing_vtysh
      printf '%s\n' "$end" >$refused
    fi
  fi
  if [ -e $refused ] && [ "$end" = "$(cat $refused)" ]; then
    printf 'route-map SIP-TEST permit 10\n set src 127.0.0.1\nexit\n' >>"$2"
  fi
elif [ -e $refused ] && [ "$2" = "configure terminal" ]; then
  for word in "$@"; do
    if [ "$word" = "$(cat $refused)" ]; then
      echo '% Configuration failed.'
      exit 1
    fi
  done
fi
exec vtysh "$@"
