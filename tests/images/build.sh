#!/usr/bin/env bash
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Usage: build.sh SUITE [VARIANT]     prints the image's name
#   SUITE    bookworm | trixie
#   VARIANT  bird2 (default) | bird3 (trixie only: bookworm packages no BIRD 3)
# The name's tag is the recipe's hash: an unchanged recipe is never built again.
# SI_ENGINE          podman | docker
# SI_BASE            an image to start from (docker.io/library/debian:trixie); without it mmdebstrap makes one here
# SI_IMAGE_BOOKWORM, SI_IMAGE_TRIXIE, SI_IMAGE_TRIXIE_BIRD3   a finished image: printed, nothing is built
set -euo pipefail
cd "$(dirname "$0")"
suite=${1:?usage: build.sh SUITE [VARIANT]}
variant=${2:-bird2}
case $suite/$variant in
  bookworm/bird2 | trixie/bird2) finished=SI_IMAGE_${suite^^} ;;
  trixie/bird3) finished=SI_IMAGE_TRIXIE_BIRD3 ;;
  *)
    echo "build.sh: no image for suite '$suite' with variant '$variant': bookworm and trixie with bird2, trixie with bird3" >&2
    exit 2
    ;;
esac
if [ -n "${!finished:-}" ]; then
  echo "${!finished}"
  exit 0
fi

# shellcheck source=tests/tools/engine.sh
. ../tools/engine.sh
engine_choose "$(cd ../.. && pwd)"

image_exists() { "$SI_ENGINE" image inspect "$1" >/dev/null 2>&1; }
hash_of() { sha256sum | cut -c1-12; }

base_packages=systemd,systemd-sysv,dbus,udev,python3,iproute2,procps,ca-certificates
base_options=(--variant=minbase --dpkgopt=force-unsafe-io
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
  --dpkgopt='path-exclude=/usr/share/locale/*' --include="$base_packages")
base=${SI_BASE:-localhost/si-base:$suite-$(printf '%s\n' "$suite" "${base_options[@]}" | hash_of)}
image=localhost/si-test:$suite-$variant-$( (echo "$base $variant"; cat Containerfile local-repository) | hash_of)

# Two callers at once would build the same image twice, and one would fail.
exec 9>"${TMPDIR:-/tmp}/si-image-$suite.lock"
flock 9
if ! image_exists "$image"; then
  if [ -z "${SI_BASE:-}" ] && ! image_exists "$base"; then
    command -v mmdebstrap >/dev/null || {
      echo "build.sh: needs mmdebstrap to make a base image (apt-get install mmdebstrap), or SI_BASE=docker.io/library/debian:$suite" >&2
      exit 1
    }
    echo "building $base" >&2
    # 9>&- : a container engine that outlives us must not keep the lock.
    mmdebstrap "${base_options[@]}" "$suite" - 9>&- | "$SI_ENGINE" import - "$base" >&2 9>&-
  fi
  echo "building $image" >&2
  "$SI_ENGINE" build -q --build-arg BASE="$base" --build-arg BIRD="$variant" -t "$image" . >&2 9>&-
fi
echo "$image"
