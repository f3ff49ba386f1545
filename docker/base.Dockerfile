# For sites without a registry: the bases of the other Dockerfiles, on top of a Debian that
# `docker/local-base.sh` made with debootstrap.
ARG DEBIAN_IMAGE=loupe-local/debian:bookworm

FROM ${DEBIAN_IMAGE} AS debian
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8

FROM debian AS python
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv libpython3.11 libgomp1 \
 && rm -rf /var/lib/apt/lists/*

FROM debian AS jre
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*

FROM debian AS web
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx-light \
 && rm -rf /var/lib/apt/lists/*
