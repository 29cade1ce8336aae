# Shared by tools/run and tools/check: packages and builds. Sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '== %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "packages are missing and there is no sudo; as root: apt-get install ${missing[*]}"
    fi
}

# need_packages KIND...: installs what is not there yet; asks nobody when all is there.
need_packages() {
    local kind package
    missing=()
    for kind in "$@"; do
        for package in $(sed -n "s/^$kind: //p" "$root/tools/packages.txt"); do
            [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
                missing+=("$package")
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is not Debian; install by hand: ${missing[*]}"
    say "installing ${missing[*]}"
    as_root apt-get update -qq || die "apt-get update failed: is the package registry reachable?"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get install failed; its message stands above"
}

# build PRESET [CMAKE ARGUMENT...]: configures and builds all of it.
build() {
    local preset=$1
    shift
    say "building ($preset)"
    (cd "$root" && cmake --preset "$preset" "$@" >"$logs/configure-$preset.log" 2>&1) ||
        { tail -n 30 "$logs/configure-$preset.log"; die "cmake --preset $preset failed"; }
    (cd "$root" && cmake --build --preset "$preset" >"$logs/build-$preset.log" 2>&1) ||
        { grep -E 'error|warning|FAILED' "$logs/build-$preset.log" | head -n 40
          die "the build failed; all of it: $logs/build-$preset.log"; }
}
