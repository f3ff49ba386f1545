# The model server, without a model in it: models come from the folder /models/served, loaded one by one.
# target `upstream`: NVIDIA's image with the ONNX Runtime backend (CPU and GPU).
# target `wheel`: the same server out of the nvidia-pytriton wheel, for sites without a registry;
# set LOUPE_INFERENCE_BACKEND=python for the inference service then.
ARG TRITON_IMAGE=nvcr.io/nvidia/tritonserver:26.10-py3
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
COPY requirements/uv.txt requirements/inference.txt requirements/triton.txt /requirements/
RUN --mount=type=secret,id=ca \
    if [ -s /run/secrets/ca ]; then export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca; fi \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install -q --require-hashes -r /requirements/uv.txt \
 && python3 -m venv --without-pip /opt/venv && export VIRTUAL_ENV=/opt/venv \
 && /opt/uv/bin/uv pip install -q --require-hashes -r /requirements/inference.txt \
 && /opt/uv/bin/uv pip install -q --no-deps --require-hashes -r /requirements/triton.txt
RUN site=/opt/venv/lib/python3.11/site-packages && mkdir -p /opt/triton/backends/python \
 && cp "$site"/pytriton/tritonserver/backends/python/libtriton_python.so \
       "$site"/pytriton/tritonserver/backends/python/triton_python_backend_utils.py \
       "$site"/pytriton/tritonserver/python_backend_stubs/3.11/triton_python_backend_stub \
       /opt/triton/backends/python/

FROM ${PYTHON_IMAGE} AS wheel
LABEL org.opencontainers.image.title="loupe-triton" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages /opt/triton/backends /opt/triton/backends
COPY docker/triton.sh /opt/triton/run.sh
RUN mkdir -p /models/served && chown -R 10001:10001 /models
ENV TRITON_SERVER=/opt/venv/lib/python3.11/site-packages/pytriton/tritonserver/bin/tritonserver \
    TRITON_BACKENDS=/opt/triton/backends \
    LD_LIBRARY_PATH=/opt/venv/lib/python3.11/site-packages/nvidia_pytriton.libs:/usr/local/lib \
    LOUPE_TRITON_SITE_PACKAGES=/opt/venv/lib/python3.11/site-packages
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    ["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).connect('/models/socket/grpc:1')"]
ENTRYPOINT ["/bin/sh", "/opt/triton/run.sh"]

FROM ${TRITON_IMAGE} AS upstream
LABEL org.opencontainers.image.title="loupe-triton" org.opencontainers.image.licenses="Apache-2.0"
COPY docker/triton.sh /opt/triton/run.sh
RUN mkdir -p /models/served && chown -R 10001:10001 /models
ENV TRITON_SERVER=/opt/tritonserver/bin/tritonserver TRITON_BACKENDS=/opt/tritonserver/backends
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD \
    ["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).connect('/models/socket/grpc:1')"]
ENTRYPOINT ["/bin/sh", "/opt/triton/run.sh"]
