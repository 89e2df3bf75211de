#!/usr/bin/env bash
# What a bare Debian or Ubuntu machine lacks for the browser tests: Node.js, npm, Chromium.
set -euo pipefail
need=()
command -v node >/dev/null || need+=(nodejs)
command -v npm >/dev/null || need+=(npm)
command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null || need+=(chromium)
test ${#need[@]} -gt 0 || exit 0
if ! command -v apt-get >/dev/null || test "$(id -u)" != 0; then
  echo "The browser tests need ${need[*]}: install them, and name Chromium in CHROMIUM where it is not /usr/bin/chromium." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing ${need[*]} for the browser tests."
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
