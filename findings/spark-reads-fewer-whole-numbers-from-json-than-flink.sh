#!/usr/bin/env bash
# A BIGINT field of a JSON object: Spark's from_json takes nothing but digits, and gives NULL for 5.0, 1e3 and
# "5", without an error and with the row kept. Flink's JSON format reads all of them, and cuts 5.7 off to 5.
# So a sum over the same bytes differs, and neither engine says so.
#
# Seen with pyspark 4.3.0 and Flink 2.3.0 (Java 17, Linux): the lines below.
#
# Fails when the behaviour is another one. Needs Python, a JDK (17 or 21) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir input
printf '{"n":%s}\n' 5 5.0 5.7 -5.7 1e3 '"5"' > input/numbers.json
cat > expected <<'TABLE'
JSON   5 5.0 5.7 -5.7 1e3 "5"
Spark  5 NULL NULL NULL NULL NULL
Flink  5 5 5 -5 1000 5
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
  <dependency><groupId>${g}</groupId><artifactId>flink-connector-files</artifactId><version>${v}</version></dependency>
  <dependency><groupId>${g}</groupId><artifactId>flink-json</artifactId><version>${v}</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Numbers.java <<'JAVA'
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public class Numbers {
    public static void main(String[] arguments) throws Exception {
        TableEnvironment engine = TableEnvironment.create(EnvironmentSettings.inBatchMode());
        engine.getConfig().set("parallelism.default", "1");
        engine.executeSql("CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'filesystem', 'format' = 'json',"
            + " 'path' = '" + Path.of("input").toAbsolutePath() + "')");
        StringBuilder shown = new StringBuilder("Flink ");
        try (var rows = engine.executeSql("SELECT n FROM numbers").collect()) {
            rows.forEachRemaining(row -> shown.append(" ").append(row.getField(0)));
        }
        System.out.println(shown);
    }
}
JAVA
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.3.0
SPARK_LOCAL_IP=127.0.0.1 venv/bin/python - > found 2> log <<'PY' || { tail -5 log; exit 1; }
from pyspark.sql import SparkSession, functions as F

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
objects = spark.read.text("input")
print("JSON  ", *(row.value[5:-1] for row in objects.collect()))
rows = objects.select(F.from_json("value", "n bigint").n.alias("n")).collect()
print("Spark ", *("NULL" if row.n is None else row.n for row in rows))
PY
java --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "jars/*" Numbers.java 2> log >> found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
