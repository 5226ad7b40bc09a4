# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What the scripts beside this file share. Source it: it goes to the root of the checkout and makes the
# collection findable there, whatever the checkout is called.
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
tools=$root/tests/tools
cache=$root/.cache
venv=$root/.venv

say() { printf '%s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Debian leaves these out of an ordinary user's PATH, and `ip` lives there.
PATH=$PATH:/usr/sbin:/sbin
export PIP_DISABLE_PIP_VERSION_CHECK=1
# Nothing outside the checkout is read or written on Ansible's account.
export ANSIBLE_HOME=$cache/ansible
export ANSIBLE_COLLECTIONS_PATH=$root/.ansible/collections
export PYTHONDONTWRITEBYTECODE=1

link=$ANSIBLE_COLLECTIONS_PATH/ansible_collections/l3host/source_ip
if [ "$(readlink "$link" 2>/dev/null)" != ../../../.. ]; then
  mkdir -p "${link%/*}"
  ln -sfn ../../../.. "$link"
fi
mkdir -p "$cache"

# scratch: a new folder, named in $scratch, that goes when the script ends.
scratch() {
  mkdir -p "$cache/tmp"
  scratch=$(mktemp -d "$cache/tmp/${0##*/}.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# copy_tree DIR: what git has or would take, as DIR/ansible_collections/l3host/source_ip, where ansible-test and
# ansible-galaxy want it. Prints that path.
copy_tree() {
  local to=$1/ansible_collections/l3host/source_ip
  mkdir -p "$to"
  git ls-files -coz --exclude-standard |
    while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
    tar --null --files-from=- --create --file=- |
    tar --extract --file=- --directory="$to"
  printf '%s\n' "$to"
}

# dev_venv: the controller's environment with every tool, in $venv and first on PATH.
dev_venv() {
  local python
  python=$("$tools/python" newest)
  "$tools/venv" "$venv" "$python" tests/requirements/dev.txt
  PATH=$venv/bin:$PATH
}
