#!/bin/sh
# Writes all that the store holds as Maildirs, after the clock has stopped.
set -eu
dest=$1
. "$(dirname "$0")/inhaul.common"
[ -d "$INHAUL_DATA" ] || exit 0
names=$("$inhaul" account list --json | python3 -c 'import json,sys
for a in json.load(sys.stdin)["accounts"]: print(a["name"])')
count=$(printf '%s\n' "$names" | wc -l)
for name in $names; do
    if [ "$count" -eq 1 ]; then "$inhaul" -q export maildir "$name" "$dest/mail"
    else "$inhaul" -q export maildir "$name" "$dest/acc/$name"; fi
done
