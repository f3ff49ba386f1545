#!/bin/sh
# Says in one line what a machine lacks. `find-python` prints the Python to use.
set -eu

find_python() {
    for name in python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

case "${1:-}" in
find-python) find_python ;;
python)
    find_python >/dev/null || {
        echo "loupe: Python 3.11 is missing: install python3.11 (and python3.11-venv) and run again" >&2
        exit 1
    }
    case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) ;;
    *) echo "loupe: this is $(uname -s) $(uname -m), the Triton binary needs x86-64 Linux: use such a machine or Docker" >&2; exit 1 ;;
    esac
    free_mib=$(df -Pm . | awk 'NR==2 {print $4}')
    [ "$free_mib" -ge 12000 ] || [ -e .venv/.standalone ] || {
        echo "loupe: $free_mib MiB are free here, about 12000 are needed for the Python packages: free some space" >&2
        exit 1
    }
    ;;
node)
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || {
        echo "loupe: Node is missing: install Node 20 or newer with npm and run again" >&2
        exit 1
    }
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || {
        echo "loupe: Node $(node --version) is too old: install Node 20.19 or newer" >&2
        exit 1
    }
    ;;
*) echo "usage: check-machine.sh python|node|find-python" >&2; exit 2 ;;
esac
