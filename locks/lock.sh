#!/bin/sh
# Resolve pyproject.toml into what pip installs: locks/*.txt with hashes, constraints.txt without, for pip install -c.
# torch stands in pyproject.toml's `train` extra alone: PyPI's build asks for gigabytes of CUDA, the CPU wheel for none.
set -eu
compile() { uv pip compile --quiet --universal --python-version 3.11 --no-strip-extras --no-header --no-annotate "$@"; }
echo "pip==26.3" | compile - --generate-hashes --output-file locks/pip.txt
printf 'setuptools==84.2.1\nwheel==0.48.0\n' | compile - --generate-hashes --output-file locks/build.txt
sed -n '/^train = /,/^]/s/^  "\([^"]*\)".*/\1/p' pyproject.toml | grep -v '^torch' |
  compile pyproject.toml --extra dev --extra dask - --output-file constraints.txt
echo "torch==2.13.0" >> constraints.txt
compile pyproject.toml --constraint constraints.txt --generate-hashes --output-file locks/run.txt
compile pyproject.toml --extra dev --constraint constraints.txt --generate-hashes --output-file locks/dev.txt
