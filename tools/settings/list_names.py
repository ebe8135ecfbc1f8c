"""Write the names of all settings that the pinned engines define, for `--set` to be checked by.

Run it after a version of an engine has changed: `python tools/settings/list_names.py`. It asks the
engines' own jars, and fetches them where they are not in the cache.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from streambench.engines.common.known import file_of
from streambench.engines.registry import contender_named, engine_named
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.compiler import compile_java

SOURCE = Path(__file__).with_name("SettingNames.java")
ENGINES = ("flink", "spark", "kafka-streams")
# A string of a class file: a tag, its length, and here a name in Spark's own space. Many of its
# settings are read by their names alone and defined nowhere.
_CONSTANT = re.compile(rb"\x01(..)(spark(?:\.[A-Za-z][\w-]*)+)", re.DOTALL)


def listed(engine: str, version: str) -> str:
    """The text of the file of an engine's version. Raises CalledProcessError."""
    contender, variant = contender_named(f"{engine}@{version}")
    needs = contender.requires(variant)
    found = resolve(Artifacts(jar_sets=(*needs.jar_sets, "compiler"), python_env=needs.python_env))
    jars = _jars(found, [name for name in needs.jar_sets if name != "compiler"])
    with tempfile.TemporaryDirectory() as folder:
        (ecj,) = found.jars["compiler"]
        classes = compile_java((SOURCE,), classpath=(), out=Path(folder), java=found.java, ecj=ecj)
        path = ":".join(map(str, (classes, *jars)))
        done = subprocess.run(
            [str(found.java), "-cp", path, "SettingNames", *map(str, jars)],
            capture_output=True,
            text=True,
            check=True,
        )
    names = set(done.stdout.splitlines())
    if engine == "spark":
        names |= {f"mentioned\t{name}" for name in _mentioned(jars)}
        names -= {f"mentioned\t{line.partition(chr(9))[2]}" for line in names if line[0] == "o"}
    head = f"# {contender.title} {version}; written by tools/settings/list_names.py"
    return "\n".join([head, *sorted(names)]) + "\n"


def _jars(found: Resolved, sets: Iterable[str]) -> list[Path]:
    own = [jar for name in sets for jar in found.jars[name]]
    if found.site_packages is not None:
        for folder in ("pyflink/lib", "pyspark/jars"):
            own += sorted((found.site_packages / folder).glob("*.jar"))
    return own


def _mentioned(jars: Iterable[Path]) -> set[str]:
    names = set()
    for jar in jars:
        if not jar.name.startswith("spark-"):
            continue
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.namelist():
                if entry.endswith(".class"):
                    for length, text in _CONSTANT.findall(archive.read(entry)):
                        if int.from_bytes(length) == len(text):
                            names.add(text.decode())
    return names


if __name__ == "__main__":
    for engine in ENGINES:
        contender = engine_named(engine)
        for version in contender.versions:
            path = file_of(engine, version)
            path.write_text(listed(engine, version), encoding="utf-8")
            print(path)
