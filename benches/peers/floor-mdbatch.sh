#!/bin/sh
# The rig's floor program in its mode "mdbatch": the least a client can do on one connection.
mkdir -p "$6/mail"
ca=; [ "$5" = 1 ] && ca=$RIG_CA
# shellcheck disable=SC2086
exec "$RIG_BIN/floor" "$1" "$2" "$3" "$4" "$5" mdbatch "$6" "$7" "${RIG_WINDOW:-1000}" $ca
