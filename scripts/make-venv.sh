#!/bin/sh
# A virtual environment from a list of pinned requirements: make-venv.sh DIRECTORY REQUIREMENTS
#
# Takes the first Python >= 3.11 that it finds, or the one named by PYTHON. Writes DIRECTORY/.installed when
# everything is in place, and nothing before, so that an interrupted set-up is taken up again the next time.
set -eu

venv=$1
requirements=$2
oldest="3.11"
is_new_enough="import sys; sys.exit(sys.version_info < (3, 11))"

fail() {
    echo "spanfold: $1" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if "$candidate" -c "$is_new_enough" >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python >= $oldest found${PYTHON:+ (PYTHON=$PYTHON)}; install one, or name it: make setup PYTHON=/path/to/python3"
}

# An environment that was copied, or whose interpreter was uninstalled, is made anew rather than mended.
is_usable() {
    "$venv/bin/python" -c "$is_new_enough" >/dev/null 2>&1 && "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

if ! is_usable; then
    python=$(find_python)
    echo "Setting up $venv with $("$python" --version 2>&1); this takes about a minute, once."
    rm -rf "$venv"
    "$python" -c "import ensurepip, venv" >/dev/null 2>&1 ||
        fail "$python cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"
    "$python" -m venv "$venv" || fail "$python -m venv $venv failed"
fi

rm -f "$venv/.installed"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" ||
    fail "could not install what $requirements lists; is there a network?"
touch "$venv/.installed"
