#!/bin/sh
# What package-lock.json lists (JavaScript exporters, dynalite), where Node is present: install-js-clients.sh DIRECTORY
#
# A machine without Node goes without it and its tests. In CI (CI is set) a failed install fails the build;
# elsewhere it is a warning, because everything else can still be tested.
set -eu
cd "$1"

go_without() {
    echo "spanfold: $1; going without the JavaScript exporters and dynalite" >&2
    exit "${2:-0}"
}

rm -rf node_modules
command -v npm >/dev/null 2>&1 || go_without "no npm"
node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null || go_without "no Node >= 20"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
    go_without "npm ci failed" "${CI:+1}"
touch node_modules/.installed
