# One image a service: its own folder, `shared` and exactly its locked packages.
# docker build -f docker/python.Dockerfile --build-arg SERVICE=gallery -t loupe/gallery .
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ARG SERVICE
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
COPY requirements/uv.txt requirements/${SERVICE}.txt /requirements/
# A site behind an inspecting proxy hands in its certificates as the secret `ca`; they are not kept.
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; fi \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install -q --require-hashes -r /requirements/uv.txt \
 && python3 -m venv --without-pip /opt/venv \
 && VIRTUAL_ENV=/opt/venv /opt/uv/bin/uv pip install -q --require-hashes -r /requirements/${SERVICE}.txt

FROM ${PYTHON_IMAGE}
ARG SERVICE
LABEL org.opencontainers.image.title="loupe-${SERVICE}" \
      org.opencontainers.image.licenses="Apache-2.0"
# A named volume takes its first owner from here.
RUN mkdir -p /data /models/served && chown -R 10001:10001 /data /models
COPY --from=packages /opt/venv /opt/venv
COPY shared /app/shared
COPY services/__init__.py /app/services/__init__.py
COPY services/${SERVICE} /app/services/${SERVICE}
# The operator's commands, which act on the stores: in the image of the workspace, whose user may.
COPY services/__main__.py services/data_folder.py /app/services/
COPY services/cli/__init__.py services/cli/commands.py services/cli/audit.py services/cli/backup.py services/cli/collect.py \
     services/cli/events.py services/cli/key.py services/cli/keys.py services/cli/new_key.py services/cli/tenants.py /app/services/cli/
COPY docker/alive.py docker/access.py docker/access.json /app/docker/
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/tmp/numba \
    LOUPE_SERVICE=${SERVICE} LOUPE_STORES=cluster LOUPE_DATA=/data LOUPE_HOST=0.0.0.0 LOUPE_PORT=8080 LOUPE_METRICS_HOST=0.0.0.0 LOUPE_METRICS_PORT=9464 \
    LOUPE_PULSE_FILE=/tmp/pulse
WORKDIR /app
# Bytecode comes with the image: its user writes none, and every process would compile all anew.
RUN if [ "$SERVICE" != workspace ]; then rm -r services/cli services/__main__.py services/data_folder.py; fi \
 && python -m compileall -q services shared
USER 10001:10001
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "docker/alive.py"]
# Roles are arguments: `api consume` (none means both), `work`.
ENTRYPOINT ["/bin/sh", "-c", "exec python -m services.$LOUPE_SERVICE \"$@\"", "--"]
