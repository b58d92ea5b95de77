#!/bin/sh
# inhaul, as an adapter of the measuring rig: HOST PORT USER PASS TLS DEST KEEP.
dest=$6
. "$(dirname "$0")/inhaul.common"
exec "$inhaul" -q -c "$dest/state/inhaul.toml" pull --all
