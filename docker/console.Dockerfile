# The web application and the one door to the services: static files, and /api/<service>/ passed on.
# STAGE=prebuilt takes services/console/dist as it lies (sites without a registry).
ARG NODE_IMAGE=node:22.21.1-bookworm-slim
ARG WEB_IMAGE=nginxinc/nginx-unprivileged:1.29.3-bookworm
ARG STAGE=build

FROM ${NODE_IMAGE} AS build
WORKDIR /console
COPY services/console/package.json services/console/package-lock.json ./
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi \
 && npm ci --silent --no-audit --no-fund
COPY services/console ./
# The API client is generated from the published documents: ../../ of the console is the root here.
COPY shared/contracts/published/openapi /shared/contracts/published/openapi
COPY shared/contracts/published/facts.json /shared/contracts/published/facts.json
RUN npm run --silent build

FROM scratch AS prebuilt
COPY services/console/dist /console/dist

FROM ${STAGE} AS chosen

FROM ${WEB_IMAGE}
LABEL org.opencontainers.image.title="loupe-console" org.opencontainers.image.licenses="Apache-2.0"
COPY docker/console/nginx.conf docker/console/headers.conf docker/console/gateway.conf /etc/loupe/
COPY --from=chosen /console/dist /srv/console
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD \
    ["/bin/sh", "-c", "test -s /tmp/nginx.pid && kill -0 $(cat /tmp/nginx.pid)"]
ENTRYPOINT ["nginx", "-c", "/etc/loupe/nginx.conf", "-g", "daemon off;"]
