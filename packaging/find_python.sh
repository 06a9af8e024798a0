#!/bin/sh
# Prints the newest tested Python that runs here, preferring one that can make virtual environments.
# PYTHON=/path/to/python is taken as it is, if it is of a tested version.
set -eu

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
complete='import ensurepip, venv'
second_choice=''
seen=''

for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do
    # Starting it is the only proof: version managers put names on the PATH behind which there is nothing.
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    seen="$seen $name is $version;"
    "$name" -c "$fits" 2>/dev/null || continue
    if "$name" -c "$complete" 2>/dev/null; then
        command -v "$name"
        exit 0
    fi
    second_choice=${second_choice:-$(command -v "$name")}
done

if [ -n "$second_choice" ]; then
    echo "$second_choice" # check_system.py says what it lacks
    exit 0
fi
{
    echo "Lacuna needs Python 3.11, 3.12 or 3.13.${seen:+ Found:}${seen%;}${seen:+.}"
    echo "  Debian, Ubuntu:  sudo apt-get install python3 python3-venv"
    echo "  Fedora:          sudo dnf install python3.13"
    echo "One that lies elsewhere is taken with: make run PYTHON=/path/to/python3"
} >&2
exit 1
