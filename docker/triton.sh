#!/bin/sh
# Triton as the inference service wants it: that alone loads models, over a Unix socket in a folder
# that the two containers share and that is closed to every other user.
set -eu
umask 077
mkdir -p /models/served /models/socket
chmod 700 /models/socket
rm -f /models/socket/grpc:1
# Nobody uses this one: shared memory, logging and trace are off.
nobody=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
exec "$TRITON_SERVER" \
    --model-repository=/models/served \
    --backend-directory="$TRITON_BACKENDS" \
    --model-control-mode=explicit \
    --disable-auto-complete-config \
    --allow-http=false \
    --allow-metrics=false \
    --grpc-address=unix:/models/socket/grpc \
    --grpc-port=1 \
    "--grpc-restricted-protocol=shared-memory,logging,trace:off=$nobody" \
    --exit-timeout-secs=5 \
    --log-info=false
