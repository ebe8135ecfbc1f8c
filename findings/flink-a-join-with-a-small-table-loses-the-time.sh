#!/usr/bin/env bash
# Flink 2.3.0, SQL: a stream that is joined with a bounded table has no time attribute any more, so that no
# window can be made of what comes out. A join with a version of the table as of the event time keeps it, and a
# scalar function that looks the value up does. Only the function can be used in the watermark of the stream, which
# then goes by records that are in the table.
#
# Seen with Flink 2.3.0 (Java 17, Linux), as in the table below: what the planner says of each query.
#
# Fails when the behaviour is another one. Needs a JDK (17 or 21) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
regular join             The window function requires the timecol is a time attribute type, but is TIMESTAMP(3).
join as of event time    planned
scalar function          planned
watermark of a function  planned
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
  <dependency><groupId>${g}</groupId><artifactId>flink-connector-datagen</artifactId><version>${v}</version></dependency>
  <dependency><groupId>${g}</groupId><artifactId>flink-csv</artifactId><version>${v}</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Joins.java <<'JAVA'
import java.util.Map;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.functions.ScalarFunction;

public class Joins {
    static final TableEnvironment ENGINE = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    static final String STREAM = " (ad BIGINT, seen TIMESTAMP(3), WATERMARK FOR seen AS ";
    static final String DATAGEN = ") WITH ('connector' = 'datagen')";

    public static class Campaign extends ScalarFunction {
        public String eval(Long ad) {
            return Map.of(1L, "spring").get(ad);
        }
    }

    public static void main(String[] arguments) {
        ENGINE.createTemporarySystemFunction("campaign", Campaign.class);
        ENGINE.executeSql("CREATE TABLE seen_ads" + STREAM + "seen" + DATAGEN);
        ENGINE.executeSql("CREATE TABLE ads (id BIGINT, name STRING) WITH ("
            + "'connector' = 'filesystem', 'path' = '/tmp/none', 'format' = 'csv')");
        ENGINE.executeSql("CREATE TABLE versions (id BIGINT, name STRING, since TIMESTAMP(3), "
            + "WATERMARK FOR since AS since, PRIMARY KEY (id) NOT ENFORCED) WITH ("
            + "'connector' = 'filesystem', 'path' = '/tmp/none', 'format' = 'csv')");
        show("regular join", "SELECT name, seen FROM seen_ads LEFT JOIN ads ON ad = id");
        show("join as of event time", "SELECT name, seen_ads.seen FROM seen_ads "
            + "LEFT JOIN versions FOR SYSTEM_TIME AS OF seen_ads.seen ON ad = id");
        show("scalar function", "SELECT campaign(ad) AS name, seen FROM seen_ads");
        ENGINE.executeSql("CREATE TABLE known" + STREAM + "CASE WHEN campaign(ad) IS NOT NULL THEN seen END" + DATAGEN);
        show("watermark of a function", "SELECT campaign(ad) AS name, seen FROM known");
    }

    static void show(String name, String joined) {
        String told = "planned";
        ENGINE.createTemporaryView("`" + name + "`", ENGINE.sqlQuery(joined));
        try {
            ENGINE.explainSql("SELECT name, window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE `" + name + "`, "
                + "DESCRIPTOR(seen), INTERVAL '1' SECOND)) GROUP BY name, window_start, window_end");
        } catch (RuntimeException error) {
            Throwable cause = error;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            told = cause.getMessage();
        }
        System.out.printf("%-25s%s%n", name, told);
    }
}
JAVA
mkdir classes
javac -cp "jars/*" -d classes Joins.java
java --add-opens java.base/java.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "classes:jars/*" Joins 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
