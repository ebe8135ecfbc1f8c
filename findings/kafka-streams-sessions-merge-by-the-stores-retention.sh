#!/usr/bin/env bash
# Kafka Streams 4.4.0: the sessions of a key depend on retention and cache of the store, once another key
# has moved the clock. As shipped the store keeps a session for gap plus grace. Then an event that is not
# late, and within the gap of an earlier one, finds that one in the record cache alone. With the cache it is
# merged, but the shorter session is never withdrawn: the earlier event counts twice. Without the cache there
# are two sessions. With a longer retention there is one. With that and final results (`onWindowClose`) a
# session that was written goes on, and is written once more: its events count twice.
#
# Gap 10 s, no grace: key a at 0, key b moves the clock, key a again. No event is dropped as late.
#
# Seen with kafka-streams 4.4.0 (Java 17, Linux): the last count of each session of a that was not withdrawn
# is in the table below, the same with a store in RocksDB and in memory.
#
# Fails when the behaviour is another one. Needs a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
events                    as shipped            no caching            retention 1 h         final, 1 h
a@0, a@5                  [0,5]=2               [0,5]=2               [0,5]=2               [0,5]=2
a@0, b@9, a@5             [0,5]=2               [0,5]=2               [0,5]=2               [0,5]=2
a@0, b@10, a@5            [0,0]=1 [0,5]=2       [0,0]=1 [5,5]=1       [0,5]=2               [0,5]=2
a@0, b@15, a@9            [0,0]=1 [0,9]=2       [0,0]=1 [9,9]=1       [0,9]=2               [0,0]=1 [0,9]=2
a@0, a@10                 [0,10]=2              [0,10]=2              [0,10]=2              [0,10]=2
a@0, b@10, a@10           [0,0]=1 [0,10]=2      [0,0]=1 [10,10]=1     [0,10]=2              [0,10]=2
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

cat > Sessions.java <<'JAVA'
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.state.SessionStore;

public class Sessions {
    public static void main(String[] arguments) {
        System.out.printf("%-26s%-22s%-22s%-22s%s%n", "events", "as shipped", "no caching",
            "retention 1 h", "final, 1 h");
        for (String events : List.of(
                "a@0, a@5", "a@0, b@9, a@5", "a@0, b@10, a@5", "a@0, b@15, a@9", "a@0, a@10", "a@0, b@10, a@10")) {
            System.out.printf("%-26s%-22s%-22s%-22s%s%n", events,
                sessions(events, EmitStrategy.onWindowUpdate(), store -> store),
                sessions(events, EmitStrategy.onWindowUpdate(), store -> store.withCachingDisabled()),
                sessions(events, EmitStrategy.onWindowUpdate(), store -> store.withRetention(Duration.ofHours(1))),
                // The last two events close all sessions of a.
                sessions(events + ", b@200, b@400", EmitStrategy.onWindowClose(),
                    store -> store.withRetention(Duration.ofHours(1))));
        }
    }

    /** What both types of store say. */
    static String sessions(
            String events, EmitStrategy emit, UnaryOperator<Materialized<String, Long, SessionStore<Bytes, byte[]>>> kind) {
        String onDisk = sessions(events, emit, kind.apply(Materialized.as("sessions")));
        String inMemory = sessions(events, emit, kind.apply(
            Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("sessions")
                .withStoreType(Materialized.StoreType.IN_MEMORY)));
        return onDisk.equals(inMemory) ? onDisk : onDisk + " (RocksDB), " + inMemory + " (in memory)";
    }

    /** The sessions of key a, in seconds, with the count of each. */
    static String sessions(
            String events, EmitStrategy emit, Materialized<String, Long, SessionStore<Bytes, byte[]>> store) {
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
            .groupByKey()
            .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(Duration.ofSeconds(10)))
            .emitStrategy(emit)
            .count(store)
            .toStream((session, count) -> String.format("%s[%d,%d]",
                session.key(), session.window().start() / 1000, session.window().end() / 1000))
            .to("out", Produced.with(Serdes.String(), Serdes.Long()));
        Properties properties = new Properties();
        properties.put("application.id", "sessions");
        properties.put("bootstrap.servers", "none:1");
        properties.put("state.dir", "state" + System.nanoTime());
        // Final results are otherwise held back for up to a second of wall-clock time.
        properties.put("__emit.interval.ms.kstreams.windowed.aggregation__", 0L);
        Map<String, Long> found = new TreeMap<>();
        try (var driver = new TopologyTestDriver(builder.build(), properties)) {
            var in = driver.createInputTopic("in", Serdes.String().serializer(), Serdes.String().serializer());
            var out = driver.createOutputTopic("out", Serdes.String().deserializer(), Serdes.Long().deserializer());
            for (String event : events.split(", ")) {
                in.pipeInput(event.substring(0, 1), "", 1000 * Long.parseLong(event.substring(2)));
            }
            out.readKeyValuesToList().forEach(row -> {
                if (row.value == null) found.remove(row.key); // it was merged into another
                else found.put(row.key, row.value);
            });
        }
        return found.entrySet().stream().filter(each -> each.getKey().startsWith("a"))
            .map(each -> each.getKey().substring(1) + "=" + each.getValue()).collect(Collectors.joining(" "));
    }
}
JAVA
java -cp "jars/*" Sessions.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
