#!/usr/bin/env bash
# Flink SQL 2.3.0: an aggregate of BIGINT is a BIGINT. So AVG cuts off what is behind the point, and SUM
# and AVG wrap around beyond 2^63 - 1 without a word: the average of that number and itself is -1. INT is
# the same, beyond 2^31 - 1.
#
# Seen with Flink 2.3.0 (Java 17, Linux, batch mode), as in the table below.
#
# Fails when the behaviour is another one. Needs a JDK (17 or 21) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
AVG(x)  of BIGINT 1, 2                        1                     BIGINT
AVG(x)  of BIGINT -1, -2                      -1                    BIGINT
SUM(x)  of BIGINT 9223372036854775807, 1      -9223372036854775808  BIGINT
AVG(x)  of BIGINT 9223372036854775807 twice   -1                    BIGINT
AVG(x)  of INT 1, 2                           1                     INT
SUM(x)  of INT 2147483647, 1                  -2147483648           INT
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

cat > Aggregates.java <<'JAVA'
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

public class Aggregates {
    static final TableEnvironment ENGINE = TableEnvironment.create(EnvironmentSettings.inBatchMode());

    public static void main(String[] arguments) throws Exception {
        ENGINE.getConfig().set("parallelism.default", "1");
        long most = Long.MAX_VALUE;
        show("AVG(x)", "BIGINT", "1, 2", 1, 2);
        show("AVG(x)", "BIGINT", "-1, -2", -1, -2);
        show("SUM(x)", "BIGINT", most + ", 1", most, 1);
        show("AVG(x)", "BIGINT", most + " twice", most, most);
        show("AVG(x)", "INT", "1, 2", 1, 2);
        show("SUM(x)", "INT", "2147483647, 1", Integer.MAX_VALUE, 1);
    }

    static void show(String aggregate, String type, String of, long first, long second) throws Exception {
        TableResult result = ENGINE.executeSql(String.format(
            "SELECT %s FROM (VALUES (CAST(%d AS %s)), (CAST(%d AS %s))) AS t(x)",
            aggregate, first, type, second, type));
        try (var rows = result.collect()) {
            System.out.printf("%-8s%-38s%-22s%s%n", aggregate, "of " + type + " " + of,
                rows.next().getField(0), result.getResolvedSchema().getColumnDataTypes().get(0));
        }
    }
}
JAVA
java --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "jars/*" Aggregates.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
