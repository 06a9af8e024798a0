#!/bin/sh
# environment.sh FOLDER EXTRAS: a virtual environment in FOLDER with this checkout installed in place, in the tested versions.
set -eu

folder=$1
extras=$2
export PIP_DISABLE_PIP_VERSION_CHECK=1

if ! "$folder/bin/python" -c '' 2>/dev/null; then
    python=$(sh packaging/find_python.sh)
    "$python" packaging/check_system.py venv
    "$python" -m venv --clear "$folder"
fi
echo "Installing Lacuna with $("$folder/bin/python" --version) into $folder (some 650 MB, for the tests with torch 1.5 GB and more; again only when its libraries change) ..."
"$folder/bin/python" -m pip install --quiet --constraint constraints.txt hatchling
# Without isolation the builder is the pinned one, too.
"$folder/bin/python" -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable ".[$extras]"
