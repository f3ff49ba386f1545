# MinIO, built here because its image is no longer published. STAGE=prebuilt takes the program of
# `make servers-install`.
ARG GO_IMAGE=golang:1.26.4-bookworm
ARG BASE_IMAGE=debian:bookworm-20251117-slim
ARG STAGE=build

FROM ${GO_IMAGE} AS build
WORKDIR /pins
COPY tests/servers/goprograms/minio ./
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export SSL_CERT_FILE=/run/secrets/ca; fi \
 && mkdir /out && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/minio github.com/minio/minio

FROM scratch AS prebuilt
COPY .servers/images/minio /out/minio

FROM ${STAGE} AS chosen

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="loupe-minio" org.opencontainers.image.licenses="AGPL-3.0"
RUN mkdir -p /data && chown 10001:10001 /data
COPY --from=chosen /out/minio /usr/local/bin/minio
COPY docker/minio/healthy.sh /opt/loupe/healthy.sh
ENV MINIO_BROWSER=off HOME=/tmp
USER 10001:10001
VOLUME /data
EXPOSE 9000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["bash", "/opt/loupe/healthy.sh"]
ENTRYPOINT ["minio"]
CMD ["server", "/data", "--address", ":9000"]
