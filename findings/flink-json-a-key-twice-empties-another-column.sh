#!/usr/bin/env bash
# Flink 2.3.0, JSON format: where an object has a key twice, a column whose key comes behind the second one
# is NULL, though its value is there. Whether it is depends on what the query reads: alone, the column has its
# value. The parser stops when it has met as many known keys as there are columns. The older one
# (json.decode.json-parser.enabled = false) takes the last value of each key and loses nothing.
#
# Such objects are valid JSON: RFC 8259 says no more than that names should be unique.
#
# Seen with Flink 2.3.0 (Java 17, Linux), as in the table below.
#
# Fails when the behaviour is another one. Needs a JDK (17 or 21) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir input
cat > input/objects.json <<'OBJECTS'
{"a":1,"b":2,"c":3}
{"a":1,"a":10,"b":2,"c":3}
{"a":1,"b":2,"a":10,"c":3}
{"a":1,"b":2,"c":3,"a":10}
OBJECTS
cat > expected <<'TABLE'
as shipped, SELECT a, b, c     [1, 2, 3] [10, 2, null] [10, 2, null] [1, 2, 3]
as shipped, SELECT c           [3] [3] [3] [3]
older parser, SELECT a, b, c   [1, 2, 3] [10, 2, 3] [10, 2, 3] [10, 2, 3]
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

cat > Twice.java <<'JAVA'
import java.nio.file.Path;
import java.util.StringJoiner;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public class Twice {
    static final TableEnvironment ENGINE = TableEnvironment.create(EnvironmentSettings.inBatchMode());

    public static void main(String[] arguments) throws Exception {
        ENGINE.getConfig().set("parallelism.default", "1");
        declare("shipped", "");
        declare("older", ", 'json.decode.json-parser.enabled' = 'false'");
        show("as shipped, SELECT a, b, c", "SELECT a, b, c FROM shipped");
        show("as shipped, SELECT c", "SELECT c FROM shipped");
        show("older parser, SELECT a, b, c", "SELECT a, b, c FROM older");
    }

    static void declare(String table, String options) {
        ENGINE.executeSql("CREATE TABLE " + table + " (a BIGINT, b BIGINT, c BIGINT) WITH ("
            + "'connector' = 'filesystem', 'path' = '" + Path.of("input").toAbsolutePath() + "', 'format' = 'json'"
            + options + ")");
    }

    static void show(String name, String query) throws Exception {
        StringJoiner shown = new StringJoiner(" ");
        try (var rows = ENGINE.executeSql(query).collect()) {
            rows.forEachRemaining(row -> shown.add(row.toString().substring(2))); // behind +I
        }
        System.out.printf("%-31s%s%n", name, shown);
    }
}
JAVA
java --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "jars/*" Twice.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
