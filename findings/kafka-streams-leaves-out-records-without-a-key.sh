#!/usr/bin/env bash
# Kafka Streams 4.4.0: a record whose Kafka key is null is in no window. It is left out behind groupByKey,
# with a warning in the log that names its offset. To SQL such records are a group of their own. A key that
# is the text "null" is a key like any other.
#
# Seen with kafka-streams 4.4.0 (Java 17, Linux): the counts of each key, and how many warnings there were.
#
# Fails when the behaviour is another one. Needs a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
windows: a=1 null=1
sessions: a=1 null=1
warnings: 4
TABLE

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId>
    <version>4.4.0</version></dependency>
  <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId>
    <version>1.7.36</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Keys.java <<'JAVA'
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;

public class Keys {
    static final Duration LENGTH = Duration.ofSeconds(10);

    public static void main(String[] arguments) {
        System.out.println("windows: " + counts(
            grouped -> grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(LENGTH)).count()));
        System.out.println("sessions: " + counts(
            grouped -> grouped.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(LENGTH)).count()));
    }

    static String counts(Function<KGroupedStream<String, String>, KTable<Windowed<String>, Long>> counted) {
        StreamsBuilder builder = new StreamsBuilder();
        counted.apply(builder.stream("in", Consumed.with(Serdes.String(), Serdes.String())).groupByKey())
            .toStream((window, count) -> window.key())
            .to("out", Produced.with(Serdes.String(), Serdes.Long()));
        Properties properties = new Properties();
        properties.put("application.id", "keys");
        properties.put("bootstrap.servers", "none:1");
        properties.put("state.dir", "state" + System.nanoTime());
        Map<String, Long> found = new TreeMap<>();
        try (var driver = new TopologyTestDriver(builder.build(), properties)) {
            var in = driver.createInputTopic("in", Serdes.String().serializer(), Serdes.String().serializer());
            var out = driver.createOutputTopic("out", Serdes.String().deserializer(), Serdes.Long().deserializer());
            in.pipeInput("a", "1", 0);
            in.pipeInput(null, "2", 1);
            in.pipeInput("null", "3", 2);
            in.pipeInput(null, "4", 3);
            out.readKeyValuesToList().forEach(row -> found.put(row.key, row.value));
        }
        return found.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue())
            .collect(Collectors.joining(" "));
    }
}
JAVA
java -cp "jars/*" Keys.java 2> log > found || { tail -5 log; exit 1; }
echo "warnings: $(grep -c 'Skipping record due to null key' log || true)" >> found
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
