# MongoDB for sites without a registry of images: the program out of its Python wheel, a replica set
# of one. Only with BASE=local; elsewhere MongoDB's own image is at hand.
ARG BASE_IMAGE=debian:bookworm-20251117-slim

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="loupe-documents" org.opencontainers.image.licenses="SSPL-1.0"
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcurl4 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /data/db && chown 10001:10001 /data/db
COPY .servers/images/mongod /usr/local/bin/mongod
COPY docker/documents/healthy.sh /opt/loupe/healthy.sh
USER 10001:10001
VOLUME /data/db
EXPOSE 27017
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "/opt/loupe/healthy.sh"]
ENTRYPOINT ["mongod"]
CMD ["--replSet", "rs0", "--bind_ip_all"]
