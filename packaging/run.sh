#!/bin/sh
# run.sh FOLDER: opens the editor on a sample photo; without a display, fills the same photo on the command line.
set -eu

folder=$1
sample=resources/samples/lion

if "$folder/bin/python" packaging/check_system.py display; then
    "$folder/bin/python" packaging/check_system.py window
    exec "$folder/bin/lacuna" "$sample.jpg"
fi
mkdir -p out
result=out/lion_lacuna.jpg
rm -f "$result"
echo "There is no display here, so the sample photo is repaired on the command line instead of in the window:"
echo "  lacuna fill $sample.jpg --mask $sample-mask.png -o $result"
"$folder/bin/lacuna" fill "$sample.jpg" --mask "$sample-mask.png" -o "$result" >/dev/null
echo "The repaired photo is in $result"
