#!/usr/bin/env bash
# One SQL text, other values: Flink, Spark and DuckDB all take these expressions, and none warns.
#   LIKE without ESCAPE: a backslash in the pattern escapes in Spark, and stands for itself in the others
#   SUBSTRING from 0: DuckDB counts a character before the first, the others begin with the first
#   CAST to INT: Flink and Spark cut off; DuckDB rounds, half of a DECIMAL up and half of a DOUBLE to even
#   7 / 2, and the AVG of whole numbers: Flink's result is a whole number
#
# Seen with Flink 2.3.0, pyspark 4.3.0 and duckdb 2.0.0 (Java 17, Python 3.11, Linux): the table below.
#
# Fails when the behaviour is another one. Needs Python, a JDK (17 or 21) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expressions <<'SQL'
plain LIKE 'a\_b'
slashed LIKE 'a\_b'
SUBSTRING(text, 0, 3)
CAST(half AS INT)
CAST(CAST(half AS DOUBLE) AS INT)
CAST(CAST(half + 1 AS DOUBLE) AS INT)
seven / 2
(SELECT AVG(n) FROM (VALUES (1), (2)) AS u(n))
SQL
cat > tables <<'SQL'
FROM (VALUES ('a_b', CONCAT('a', CHR(92), 'xb'), 'abcdef', 2.5, 7)) AS t(plain, slashed, text, half, seven)
SQL
cat > expected <<'TABLE'
                                                Flink   Spark   DuckDB
plain LIKE 'a\_b'                               false   true    false
slashed LIKE 'a\_b'                             true    false   true
SUBSTRING(text, 0, 3)                           abc     abc     ab
CAST(half AS INT)                               2       2       3
CAST(CAST(half AS DOUBLE) AS INT)               2       2       2
CAST(CAST(half + 1 AS DOUBLE) AS INT)           3       3       4
seven / 2                                       3       3.5     3.5
(SELECT AVG(n) FROM (VALUES (1), (2)) AS u(n))  1       1.5     1.5
TABLE

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<properties><g>org.apache.flink</g><v>2.3.0</v></properties>
<dependencies>
  <dependency><groupId>${g}</groupId><artifactId>flink-table-api-java-bridge</artifactId><version>${v}</version></dependency>
  <dependency><groupId>${g}</groupId><artifactId>flink-table-planner-loader</artifactId><version>${v}</version></dependency>
  <dependency><groupId>${g}</groupId><artifactId>flink-table-runtime</artifactId><version>${v}</version></dependency>
  <dependency><groupId>${g}</groupId><artifactId>flink-clients</artifactId><version>${v}</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Expressions.java <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public class Expressions {
    public static void main(String[] arguments) throws Exception {
        TableEnvironment engine = TableEnvironment.create(EnvironmentSettings.inBatchMode());
        engine.getConfig().set("parallelism.default", "1");
        String tables = Files.readString(Path.of("tables"));
        for (String expression : Files.readAllLines(Path.of("expressions"))) {
            try (var rows = engine.executeSql("SELECT " + expression + " " + tables).collect()) {
                System.out.println(rows.next().getField(0));
            }
        }
    }
}
JAVA
java --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "jars/*" Expressions.java 2> log > flink || { tail -5 log; exit 1; }

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.3.0 duckdb==2.0.0
SPARK_LOCAL_IP=127.0.0.1 venv/bin/python - 2> log > found <<'PY' || { tail -5 log; exit 1; }
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
expressions, flink, tables = (Path(name).read_text() for name in ("expressions", "flink", "tables"))
print(" " * 48 + "Flink   Spark   DuckDB")
for expression, of_flink in zip(expressions.splitlines(), flink.splitlines(), strict=True):
    query = f"SELECT {expression} {tables}"
    values = (of_flink, spark.sql(query).collect()[0][0], duckdb.sql(query).fetchall()[0][0])
    shown = (str(value).lower() if isinstance(value, bool) else value for value in values)
    print(f"{expression:48}" + "".join(f"{value:<8}" for value in shown).rstrip())
PY
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
