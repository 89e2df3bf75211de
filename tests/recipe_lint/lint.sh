#!/usr/bin/env bash
# Lint of the recipes, with no container engine and no cluster: Dockerfile, compose, kustomize, units.
# Run by `make lint-recipes`; $1 is the folder of the tools.
set -euo pipefail
tools=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tools/hadolint" deploy/Dockerfile
"$tools/check-jsonschema" --quiet --builtin-schema vendor.compose-spec deploy/compose.yaml

for variant in cpu gpu; do
  "$tools/kubectl" kustomize "deploy/kubernetes/$variant" >"$work/$variant.yaml"
  # KEDA's kinds are not Kubernetes' own: tests/test_deploy_recipes.py looks at them.
  "$tools/kubernetes-validate" --strict --quiet --no-warn "$work/$variant.yaml"
done

if command -v systemd-analyze >/dev/null; then
  # The units name /opt/lipchord, where this checkout is not.
  for unit in deploy/systemd/*.service deploy/systemd/*.target; do
    sed "s#/opt/lipchord#$PWD#" "$unit" >"$work/$(basename "${unit/@./@0.}")"
  done
  # An unknown key is a warning to it, and an error to us.
  systemd-analyze verify --recursive-errors=no "$work"/*.service 2>&1 | tee "$work/said"
  test ! -s "$work/said"
  for unit in "$work"/*.service; do
    systemd-analyze security --offline=true --threshold=35 --no-pager "$unit" >"$work/security" || {
      cat "$work/security"; exit 1; }
  done
else
  echo "systemd-analyze is not here: the units are not judged." >&2
fi
# The image holds a wheel of what .dockerignore lets in: is all of the rooms in it?
mkdir "$work/build"
for name in $(sed -n 's/^!//p' .dockerignore); do
  git ls-files -z --cached --others --exclude-standard "$name" |
    xargs -0 cp --parents --target-directory="$work/build"
done
"$tools/pip" wheel --quiet --no-deps --wheel-dir "$work/wheel" "$work/build"
"$tools/python" - "$work" <<'PYTHON'
import sys
import zipfile
from pathlib import Path

work = Path(sys.argv[1])
packed = set(zipfile.ZipFile(next((work / "wheel").glob("*.whl"))).namelist())
rooms = ("api", "tasks", "lipsync_engine", "merge", "deploy", "lipchord_client")
recipes = ("deploy/kubernetes/", "deploy/systemd/", "deploy/grafana/", "deploy/Dockerfile", "deploy/compose.yaml")
wanted = {str(path.relative_to(work / "build")) for room in rooms
          for path in (work / "build" / room).rglob("*") if path.is_file()}
lost = sorted(name for name in wanted - packed
              if not name.startswith(recipes) and not name.endswith(".md"))
sys.exit(f"Not in the wheel: {', '.join(lost)}" if lost else 0)
PYTHON

echo "The recipes are well formed."
