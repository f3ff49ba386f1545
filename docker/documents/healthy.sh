#!/bin/bash
# Does the store serve? Sends {ping: 1, $db: "admin"} in MongoDB's protocol and waits for an answer.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-27017}"
printf '\63\0\0\0\1\0\0\0\0\0\0\0\335\7\0\0\0\0\0\0\0' >&3
printf '\36\0\0\0\20ping\0\1\0\0\0\2$db\0\6\0\0\0admin\0\0' >&3
[ "$(timeout 4 head -c 4 <&3 | wc -c)" -eq 4 ]
