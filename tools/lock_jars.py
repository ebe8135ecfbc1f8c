"""Write streambench/runtime/locks/jars.toml: every jar of every set with its SHA-256 and size.

Run it after a version in SETS has changed: `python tools/lock_jars.py`. It needs Maven (`mvn`) on
PATH, which finds the runtime closure of each set and checks what it downloads.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).parent.parent / "streambench/runtime/locks/jars.toml"

BROKERS = ("4.3.1", "4.4.0")
STREAMS = {"4.3.1": "2.21.2", "4.4.0": "2.21.7"}  # each with the Jackson that it brings along
DRIVER = "4.4.0"
ROCKSDB = "10.1.3"
LOG4J = "2.25.4"
JOSE = "org.bitbucket.b_c:jose4j:0.9.6"  # the one that Kafka's own brokers bring along
HADOOP = {"3.5.0": "1.82"}  # each with the Bouncy Castle that its ResourceManager needs
CASTLE = ("bcpkix", "bcprov", "bcutil")
FLINK_CONNECTORS = ("4.0.1-2.0", "5.0.0-2.2")
# Spark's connector, with the Kafka clients and the pool of connections that it was built with.
SPARK_CONNECTORS = {"4.1.1": ("3.9.1", "2.12.1"), "4.2.0": ("3.9.2", "2.13.1")}

# Kafka's slf4j is 1.7, so the binding is log4j-slf4j-impl (log4j-slf4j2-impl is for slf4j 2).
LOGGING = (
    f"org.apache.logging.log4j:log4j-api:{LOG4J}",
    f"org.apache.logging.log4j:log4j-core:{LOG4J}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}",
)


@dataclass(frozen=True)
class JarSet:
    """What a set is asked to hold; `without` lists group:artifact left out of the closure."""

    roots: tuple[str, ...]
    transitive: bool = True
    without: tuple[str, ...] = ()


SETS = {
    **{
        f"broker-{version}": JarSet((f"org.apache.kafka:kafka_2.13:{version}", *LOGGING))
        for version in BROKERS
    },
    # Stores are in memory: RocksDB (73 MB) is not loaded. The topology reads JSON with jackson-core.
    # A log-in by a token of an endpoint loads jose4j.
    **{
        f"streams-{version}": JarSet(
            (
                f"org.apache.kafka:kafka-streams:{version}",
                f"com.fasterxml.jackson.core:jackson-core:{jackson}",
                *LOGGING,
                JOSE,
            ),
            without=("org.rocksdb:rocksdbjni",),
        )
        for version, jackson in STREAMS.items()
    },
    # Stores on disk are a variant's alone; all locked versions of Kafka Streams bring this one along.
    "streams-rocksdb": JarSet((f"org.rocksdb:rocksdbjni:{ROCKSDB}",), transitive=False),
    # For tests of generated topologies; the rest of what it needs is in the set of that version.
    f"streams-driver-{DRIVER}": JarSet(
        (f"org.apache.kafka:kafka-streams-test-utils:{DRIVER}",), transitive=False
    ),
    **{
        f"flink-connector-{version}": JarSet(
            (f"org.apache.flink:flink-sql-connector-kafka:{version}",), transitive=False
        )
        for version in FLINK_CONNECTORS
    },
    # What the client in Flink's connector lacks for a log-in by a token; Flink itself brings slf4j.
    "flink-tokens": JarSet(
        (f"com.fasterxml.jackson.core:jackson-databind:{STREAMS[DRIVER]}", JOSE),
        without=("org.slf4j:slf4j-api",),
    ),
    # The rest of what these need is in the pyspark package.
    **{
        f"spark-connector-{version}": JarSet(
            (
                f"org.apache.spark:spark-sql-kafka-0-10_2.13:{version}",
                f"org.apache.spark:spark-token-provider-kafka-0-10_2.13:{version}",
                f"org.apache.kafka:kafka-clients:{clients}",
                f"org.apache.commons:commons-pool2:{pool}",
            ),
            transitive=False,
        )
        for version, (clients, pool) in SPARK_CONNECTORS.items()
    },
    # For tests with a real YARN; the rest of what it needs is in the pyspark package, of the same version.
    **{
        f"yarn-{version}": JarSet(
            (
                f"org.apache.hadoop:hadoop-client-minicluster:{version}",
                *(f"org.bouncycastle:{each}-jdk18on:{castle}" for each in CASTLE),
            ),
            transitive=False,
        )
        for version, castle in HADOOP.items()
    },
    "compiler": JarSet(("org.eclipse.jdt:ecj:3.46.0",), transitive=False),
}

POM = """<project><modelVersion>4.0.0</modelVersion>
<groupId>lock</groupId><artifactId>lock</artifactId><version>1</version>
<dependencies>{dependencies}</dependencies></project>
"""
DEPENDENCY = (
    "<dependency><groupId>{0}</groupId><artifactId>{1}</artifactId>"
    "<version>{2}</version>{3}</dependency>"
)
NOTHING_BELOW = (
    "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
)


def closure(jar_set: JarSet, folder: Path) -> dict[str, Path]:
    """The jars of one set by coordinate, copied by Maven into `folder`."""
    below = "" if jar_set.transitive else NOTHING_BELOW
    dependencies = "".join(DEPENDENCY.format(*r.split(":"), below) for r in jar_set.roots)
    (folder / "pom.xml").write_text(POM.format(dependencies=dependencies))
    copy = ["dependency:copy-dependencies", "-Dmdep.useRepositoryLayout=true"]
    out = folder / "jars"
    subprocess.run(
        ["mvn", "-q", "-B", *copy, "-DincludeScope=runtime", f"-DoutputDirectory={out}"],
        cwd=folder,
        check=True,
    )
    found = {}
    for jar in sorted(out.rglob("*.jar")):
        *group, artifact, version, _name = jar.relative_to(out).parts
        name = f"{'.'.join(group)}:{artifact}"
        if name not in jar_set.without:
            found[f"{name}:{version}"] = jar
    return found


def main() -> None:
    """Find every set's jars and write the lock."""
    sets = ["[sets]"]
    jars: dict[str, str] = {}
    for name, jar_set in SETS.items():
        with tempfile.TemporaryDirectory() as folder:
            found = closure(jar_set, Path(folder))
            lines = "".join(f'    "{coordinate}",\n' for coordinate in found)
            sets.append(f'"{name}" = [\n{lines}]')
            for coordinate, path in found.items():
                data = path.read_bytes()
                jars[coordinate] = (
                    f'[jars."{coordinate}"]\n'
                    f'sha256 = "{hashlib.sha256(data).hexdigest()}"\n'
                    f"bytes = {len(data)}"
                )
    head = "# Written by tools/lock_jars.py. Jars by set, then each jar's SHA-256 and size."
    body = "\n\n".join(text for _, text in sorted(jars.items()))
    LOCK.write_text("\n".join([head, "", *sets, "", body, ""]))


if __name__ == "__main__":
    main()
