# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash

# Sourced. Chooses the container engine and, for podman, the settings this machine needs.
# In: SI_ENGINE (podman | docker; default: the one found, podman first). Out: SI_ENGINE, perhaps CONTAINERS_CONF.

engine_choose() {
  local root=$1 conf
  if [ -z "${SI_ENGINE:-}" ]; then
    if command -v podman >/dev/null; then SI_ENGINE=podman; else SI_ENGINE=docker; fi
  fi
  command -v "$SI_ENGINE" >/dev/null || {
    echo "The container engine '$SI_ENGINE' is not installed. Install podman (or docker) or name another with SI_ENGINE=..." >&2
    return 1
  }
  export SI_ENGINE
  if [ "$SI_ENGINE" != podman ] || [ -n "${CONTAINERS_CONF:-}" ]; then return 0; fi
  conf=$root/.ansible/containers.conf
  mkdir -p "$root/.ansible"
  engine_podman_conf > "$conf.$$"
  # podman reads nothing from an empty file but would still skip the system's own: set it only where it says something.
  if [ -s "$conf.$$" ]; then
    mv "$conf.$$" "$conf"
    export CONTAINERS_CONF=$conf
  else
    rm -f "$conf.$$"
  fi
}

# Prints the settings that are needed, nothing where podman's own defaults work.
engine_podman_conf() {
  # CAP_SYS_RESOURCE is bit 24; without it podman's default limits are above what may be set.
  local bounding
  bounding=$(awk '/^CapEff:/ {print $2}' /proc/self/status)
  if [ $((0x$bounding >> 24 & 1)) -eq 0 ]; then
    printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n'
  fi
  # crun refuses the hybrid cgroup layout (a v2 tree mounted beside the v1 controllers).
  if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] && command -v runc >/dev/null; then
    printf '[engine]\nruntime = "runc"\n'
  fi
}
