#!/bin/sh
# Triton as the inference service wants it: it alone loads models, over one gRPC port, with a key.
set -eu
: "${LOUPE_TRITON_KEY:?set LOUPE_TRITON_KEY to the key that the inference service uses}"
# Nobody knows this one: shared memory, logging and trace are off.
nobody=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
mkdir -p /models/served
exec "$TRITON_SERVER" \
    --model-repository=/models/served \
    --backend-directory="$TRITON_BACKENDS" \
    --model-control-mode=explicit \
    --disable-auto-complete-config \
    --allow-http=false \
    --allow-metrics=false \
    "--grpc-address=${LOUPE_TRITON_ADDRESS:-0.0.0.0}" \
    --grpc-port=8001 \
    "--grpc-restricted-protocol=model-repository,inference,metadata,model-config,statistics:loupe=$LOUPE_TRITON_KEY" \
    "--grpc-restricted-protocol=shared-memory,logging,trace:off=$nobody" \
    --exit-timeout-secs=5 \
    --log-info=false
