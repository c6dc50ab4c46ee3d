#!/usr/bin/env bash
# Makes the project runnable on a Debian machine that has only python3, make and git.
#
#   scripts/setup.sh            uv, the locked Python packages, and what PDF needs: enough to make a report
#   scripts/setup.sh tests      those, and what the tests need: the extras, a browser, PostgreSQL, Java
#
# It looks before it acts, so that a second run costs a second and needs no network. Debian packages are
# installed when run as root; otherwise they are named, and the work goes on with what there is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TOOLS=.tools   # our own uv, when the machine has none

say() { printf 'setup: %s\n' "$*" >&2; }

# --- Debian packages ---------------------------------------------------------------------------------

apt_is_fresh=no

# Installs the packages given, or names them. Returns 1 when they are not there afterwards.
debian_packages() {
    if ! command -v apt-get >/dev/null; then
        say "not a Debian machine; what is missing here is called on Debian: $*"
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "missing, and only root can install it: sudo apt-get install $*"
        return 1
    fi
    say "installing $*"
    if [ "$apt_is_fresh" = no ]; then
        apt-get update -qq >&2 || say "apt-get update failed; trying with the package lists there are"
        apt_is_fresh=yes
    fi
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >&2; then
        say "apt-get install failed for: $*"
        return 1
    fi
}

has_package() {
    command -v dpkg-query >/dev/null &&
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# --- uv ----------------------------------------------------------------------------------------------

# Prints the first uv that really runs: a shim on PATH may not, and a very old one has no `sync`.
find_uv() {
    local candidate
    for candidate in uv "$HOME/.local/bin/uv" "$TOOLS/bin/uv" .venv/bin/uv; do
        if "$candidate" sync --help >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

install_uv() {
    say "no usable uv found; installing it into $TOOLS"
    if ! python3 -c 'import ensurepip' 2>/dev/null; then
        debian_packages python3-venv || true
    fi
    mkdir -p "$TOOLS"
    printf '*\n' >"$TOOLS/.gitignore"
    if python3 -m venv "$TOOLS" >&2; then
        "$TOOLS/bin/python" -m pip install --quiet --disable-pip-version-check uv >&2 && return 0
    fi
    say "no virtual environment could be made; trying pip for this user"
    rm -rf "$TOOLS"
    python3 -m pip install --quiet --user uv >&2 ||
        python3 -m pip install --quiet --user --break-system-packages uv >&2
}

if ! uv=$(find_uv); then
    if ! install_uv || ! uv=$(find_uv); then
        say "uv could not be installed. Install python3-venv (sudo apt-get install python3-venv) or uv itself, then try again."
        exit 1
    fi
fi

# The tests fit scorecards and start a cluster; whoever only reports is spared those libraries, and keeps them if they
# are there.
extras=(--inexact)
if [ "${1:-}" = tests ]; then extras+=(--extra model --extra spark); fi
"$uv" sync --locked --quiet "${extras[@]}"

# --- Paper -------------------------------------------------------------------------------------------

# Without these a report comes as page, XLSX and CSV, and says that it has no PDF.
missing=()
for package in libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk fonts-noto-core; do
    if ! has_package "$package"; then missing+=("$package"); fi
done
if [ "${#missing[@]}" -gt 0 ]; then
    debian_packages "${missing[@]}" || say "going on without; reports have no PDF"
fi

# --- The tests' parts --------------------------------------------------------------------------------

has_postgres() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

if [ "${1:-}" = tests ]; then
    missing=()
    if [ ! -x "${BROWSER_PATH:-/usr/bin/chromium}" ]; then missing+=(chromium); fi
    # The tests start a server of their own and stop it again; they need no other one.
    if ! has_postgres; then missing+=(postgresql); fi
    # Spark's master and workers, which the tests start too.
    if [ ! -x "${JAVA_HOME:-/nowhere}/bin/java" ] && ! command -v java >/dev/null; then missing+=(default-jre-headless); fi
    if [ "${#missing[@]}" -gt 0 ]; then
        debian_packages "${missing[@]}" || say "going on without; tests that need them say so"
    fi
fi
