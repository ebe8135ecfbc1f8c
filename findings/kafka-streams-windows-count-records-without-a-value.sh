#!/usr/bin/env bash
# Kafka Streams 4.4.0: a record whose value is null (a tombstone) counts in tumbling, hopping and session
# windows. Their aggregator is given the null, and a lone one opens a window. Without windows and in sliding
# windows such a record is dropped with a warning. The Javadoc of TimeWindowedKStream.count and the guide of
# the DSL said for long, and said in 4.0, that records with a null key or value are ignored.
#
# Three records: key a with a value, key a and key b without one.
#
# Seen with kafka-streams 4.4.0 (Java 17, Linux): counts by key, and how many the metric says were dropped,
# as in the table below.
#
# Fails when the behaviour is another one. Needs a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
no window  {a=1}       dropped 2
tumbling   {a=2, b=1}  dropped 0
hopping    {a=2, b=1}  dropped 0
sessions   {a=2, b=1}  dropped 0
sliding    {a=1}       dropped 2
TABLE

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId>
    <version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Tombstones.java <<'JAVA'
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;

public class Tombstones {
    static final Duration LENGTH = Duration.ofSeconds(10);

    public static void main(String[] arguments) {
        for (String kind : List.of("no window", "tumbling", "hopping", "sessions", "sliding")) {
            count(kind);
        }
    }

    static void count(String kind) {
        StreamsBuilder builder = new StreamsBuilder();
        var records = builder.stream("in", Consumed.with(Serdes.String(), Serdes.String())).groupByKey();
        TimeWindows tumbling = TimeWindows.ofSizeWithNoGrace(LENGTH);
        KStream<String, Long> counts = switch (kind) {
            case "tumbling" -> records.windowedBy(tumbling).count().toStream((window, n) -> window.key());
            case "hopping" -> records.windowedBy(tumbling.advanceBy(LENGTH.dividedBy(2))).count()
                .toStream((window, n) -> window.key());
            case "sessions" -> records.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(LENGTH)).count()
                .toStream((window, n) -> window.key());
            case "sliding" -> records.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(LENGTH)).count()
                .toStream((window, n) -> window.key());
            default -> records.count().toStream();
        };
        counts.to("out", Produced.with(Serdes.String(), Serdes.Long()));
        Properties properties = new Properties();
        properties.put("application.id", "tombstones");
        properties.put("bootstrap.servers", "none:1");
        properties.put("state.dir", "state" + System.nanoTime());
        Map<String, Long> found = new TreeMap<>();
        try (var driver = new TopologyTestDriver(builder.build(), properties)) {
            var in = driver.createInputTopic("in", Serdes.String().serializer(), Serdes.String().serializer());
            var out = driver.createOutputTopic("out", Serdes.String().deserializer(), Serdes.Long().deserializer());
            in.pipeInput("a", "a value", 1_000);
            in.pipeInput("a", null, 2_000);
            in.pipeInput("b", null, 3_000);
            out.readKeyValuesToList().forEach(row -> {
                if (row.value != null) found.merge(row.key, row.value, Math::max);
            });
            double dropped = driver.metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
                .mapToDouble(metric -> (Double) metric.metricValue()).sum();
            System.out.printf("%-11s%-12sdropped %.0f%n", kind, found, dropped);
        }
    }
}
JAVA
java -cp "jars/*" Tombstones.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
