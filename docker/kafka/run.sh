#!/bin/sh
# Writes the broker's configuration from KAFKA_* (KAFKA_LOG_DIRS → log.dirs), formats an empty
# folder, and becomes the broker.
set -eu
properties=/tmp/server.properties
env | sed -n 's/^KAFKA_//p' | grep -v '^HEAP_OPTS=' | while IFS='=' read -r name value; do
    printf '%s=%s\n' "$(printf '%s' "$name" | tr 'A-Z_' 'a-z.')" "$value"
done > "$properties"
java="java $KAFKA_HEAP_OPTS -Dlog4j2.level=WARN -cp /opt/kafka/libs/*"
set -f
$java kafka.tools.StorageTool format -t "$CLUSTER_ID" -c "$properties" --ignore-formatted
exec $java kafka.Kafka "$properties"
