# A document store for sites without a registry: MongoDB's protocol on SQLite files, one node.
# STAGE=prebuilt takes the program of `make servers-install`.
ARG GO_IMAGE=golang:1.26.4-bookworm
ARG BASE_IMAGE=debian:bookworm-20251117-slim
ARG STAGE=build

FROM ${GO_IMAGE} AS build
WORKDIR /pins
COPY tests/servers/goprograms/ferretdb ./
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi \
 && mkdir /out && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/documents .

FROM scratch AS prebuilt
COPY .servers/images/documents /out/documents

FROM ${STAGE} AS chosen

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="loupe-documents" org.opencontainers.image.licenses="Apache-2.0"
RUN mkdir -p /data/db && chown 10001:10001 /data/db
COPY --from=chosen /out/documents /usr/local/bin/documents
COPY docker/documents/healthy.sh /opt/loupe/healthy.sh
USER 10001:10001
VOLUME /data/db
EXPOSE 27017
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "/opt/loupe/healthy.sh"]
ENTRYPOINT ["documents", "-listen", "0.0.0.0:27017", "-data", "/data/db/"]
