#!/bin/bash
# Does the broker serve? Asks for its ApiVersions: the port is open long before requests are served.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9092}"
printf '\0\0\0\12\0\22\0\0\0\0\0\1\377\377' >&3
[ "$(timeout 4 head -c 4 <&3 | wc -c)" -eq 4 ]
