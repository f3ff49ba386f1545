#!/bin/sh
# Makes the bases for images without a registry: a minimal Debian by debootstrap (needs root),
# then Python, a Java runtime and a web server on it.
set -eu
docker=${DOCKER:-docker}
if ! $docker image inspect loupe-local/debian:bookworm >/dev/null 2>&1; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    debootstrap --variant=minbase --include=ca-certificates bookworm "$folder"
    tar -C "$folder" -c . | $docker import --change 'CMD ["/bin/sh"]' - loupe-local/debian:bookworm
fi
for target in python jre web; do
    DOCKER_BUILDKIT=1 $docker build -q -f docker/base.Dockerfile --target "$target" \
        -t "loupe-local/$target:bookworm" docker
done
