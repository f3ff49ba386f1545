#!/bin/bash
# Does the store serve?
set -eu
exec 3<>"/dev/tcp/127.0.0.1/${1:-9000}"
printf 'GET /minio/health/live HTTP/1.0\r\n\r\n' >&3
timeout 4 head -n 1 <&3 | grep -q ' 200 '
