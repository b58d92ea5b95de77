#!/bin/sh
# Accounts and retrievals, before the clock starts. Bears being run again on the same DEST.
set -eu
host=$1 port=$2 user=$3 password=$4 tls=$5 dest=$6 keep=$7
. "$(dirname "$0")/inhaul.common"
mkdir -p "$dest/state"
printf '%s\n' "$password" > "$dest/state/password"
after=delete; [ "$keep" = 1 ] && after=keep
server="--server $host:$port --security none"
[ "$tls" = 1 ] && server="--server $host:$port --security tls --ca-file $RIG_CA"
one() { # REMOTE_USER
    "$inhaul" -q account show "$1" > /dev/null 2>&1 ||
        "$inhaul" -q account add "$1" --address "$1@rig.test" --password-file "$dest/state/password"
    if "$inhaul" -q retrieval show "$1" > /dev/null 2>&1; then
        # shellcheck disable=SC2086
        "$inhaul" -q -y retrieval set "$1" $server --after-storing $after
    else
        # shellcheck disable=SC2086
        "$inhaul" -q retrieval add --name "$1" $server --user "$1" --to "$1" \
            --password-file "$dest/state/password" --after-storing $after --no-test 2> /dev/null
    fi
}
case $user in
@*) while read -r name _; do one "$name"; done < "${user#@}"
    printf '[checks]\nat_once = 200\nat_once_per_server = 200\n' > "$dest/state/inhaul.toml" ;;
*) one "$user"; : > "$dest/state/inhaul.toml" ;;
esac
