#!/bin/sh
# Makes .venv with the pinned package in it; does nothing if it is complete and up to date.
# usage: tools/environment.sh [PYTHON]
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.complete

# What an environment is made from. It is remade when any of this changes: moved elsewhere, other
# pins, another Python asked for. The stamp is written last, so a half-made one has none.
made_from() {
    echo "$PWD"
    cksum constraints.txt setup.cfg pyproject.toml
    "$1" -V
}

fits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        2>/dev/null
}

if [ -e "$stamp" ] &&
    [ "$(made_from "${1:-.venv/bin/python}" 2>/dev/null)" = "$(cat "$stamp")" ]; then
    exit 0
fi

[ -n "${1:-}" ] || set -- python3 python3.13 python3.12 python3.11
python=
for candidate in "$@"; do
    if fits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "error: PYTHON: tried $*: expected Python >=3.11,<3.14 with its venv module" \
        "(on Debian and Ubuntu in the package python3-venv)." \
        "Name one with: make PYTHON=/path/to/python3" >&2
    exit 2
fi

echo "making .venv with $("$python" -V): downloads about 0.8 GB, takes 2.5 GB and a few minutes"
rm -rf .venv
"$python" -m venv .venv
install() {
    .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt "$@"
}
# Without build isolation the pins hold for what builds the packages, too.
install setuptools wheel
install --no-build-isolation -e '.[test,lint,index]'
.venv/bin/python -m pip check -q --disable-pip-version-check
made_from .venv/bin/python >"$stamp"
