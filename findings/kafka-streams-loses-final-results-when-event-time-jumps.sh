#!/usr/bin/env bash
# Kafka Streams 4.4.0 loses final results without a word when event time moves on by more than a window's
# length and grace between two emissions: after a quiet hour or night, or while a backlog is worked off.
#
# A job with EmitStrategy.onWindowClose takes final results from the store. The record that closes a window
# goes into the store first, and the store forgets whatever lies its retention behind. As shipped that is
# length plus grace. No metric counts the loss, and no warning is logged. Sessions have no record cache then.
# suppress(untilWindowCloses) has a buffer of its own and loses none.
#
# Windows and gaps of 10 s without grace. Two events of key a, then one of b so long later. Backlog: 1,000
# events of key a, 1 s apart, between two emissions (as shipped there is one a second, by the wall clock).
#
# Seen with kafka-streams 4.4.0 (Java 17, Linux): how many final results came for a is the table below. It
# should be 1 in each column, 100 (hopping: 200) in the last. An in-memory store without caching emits none
# at all: the event that closes a window is enough of a jump.
#
# Fails when the behaviour is another one. Needs a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
event time moves on by               15 s     25 s     90 s      1 h  backlog
tumbling, as shipped                    1        1        1        1      100
tumbling, no caching                    1     LOST     LOST     LOST        1
tumbling, no caching, in memory      LOST     LOST     LOST     LOST     LOST
hopping by 5 s, no caching           LOST     LOST     LOST     LOST        1
sessions, as shipped                    1        1     LOST     LOST        -
sessions, in memory                  LOST     LOST     LOST     LOST        -
tumbling, no caching, suppress          1        1        1        1      100
sessions, suppress                      1        1        1        1        -
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

cat > Jumps.java <<'JAVA'
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

public class Jumps {
    static final Duration LENGTH = Duration.ofSeconds(10);
    static final List<Integer> JUMPS_S = List.of(15, 25, 90, 3_600);

    public static void main(String[] arguments) {
        System.out.printf("%-32s%9s%9s%9s%9s%9s%n", "event time moves on by", "15 s", "25 s", "90 s", "1 h", "backlog");
        for (String job : List.of(
                "tumbling, as shipped", "tumbling, no caching", "tumbling, no caching, in memory",
                "hopping by 5 s, no caching", "sessions, as shipped", "sessions, in memory",
                "tumbling, no caching, suppress", "sessions, suppress")) {
            String row = JUMPS_S.stream().map(jump -> String.format("%9s", results(job, jump)))
                .collect(Collectors.joining());
            String backlog = job.startsWith("sessions") ? "-" : results(job, 0);
            System.out.printf("%-32s%s%9s%n", job, row, backlog);
        }
    }

    /** How many final results of key a came; a jump of 0 s is the backlog. */
    static String results(String job, int jumpS) {
        StreamsBuilder builder = new StreamsBuilder();
        var events = builder.stream("in", Consumed.with(Serdes.String(), Serdes.String())).groupByKey();
        counts(job, events).toStream((window, count) -> window.key())
            .to("out", Produced.with(Serdes.String(), Serdes.Long()));
        Properties properties = new Properties();
        properties.put("application.id", "jumps");
        properties.put("bootstrap.servers", "none:1");
        properties.put("state.dir", "state" + System.nanoTime());
        // As shipped; the driver would set it to 0.
        properties.put("__emit.interval.ms.kstreams.windowed.aggregation__", 1_000);
        try (var driver = new TopologyTestDriver(builder.build(), properties)) {
            var in = driver.createInputTopic("in", Serdes.String().serializer(), Serdes.String().serializer());
            var out = driver.createOutputTopic("out", Serdes.String().deserializer(), Serdes.Long().deserializer());
            if (jumpS == 0) {
                for (int second = 0; second < 1_000; second++) {
                    in.pipeInput("a", "", 1_000L * second);
                }
            } else {
                in.pipeInput("a", "", 0L);
                driver.advanceWallClockTime(Duration.ofMinutes(1));
                in.pipeInput("a", "", 1L);
            }
            // One event that closes all, and two more on which a result could follow.
            for (long ms : new long[] {0, 1, 11_000}) {
                driver.advanceWallClockTime(Duration.ofMinutes(1));
                in.pipeInput("b", "", (jumpS == 0 ? 1_001_000L : 1_000L * jumpS) + ms);
            }
            double counted = driver.metrics().values().stream()
                .filter(metric -> metric.metricName().name().equals("dropped-records-total"))
                .mapToDouble(metric -> (Double) metric.metricValue()).sum();
            long came = out.readKeyValuesToList().stream().filter(row -> row.key.equals("a")).count();
            return counted > 0 ? "counted" : came == 0 ? "LOST" : Long.toString(came);
        }
    }

    static KTable<Windowed<String>, Long> counts(String job, KGroupedStream<String, String> events) {
        boolean suppress = job.contains("suppress");
        EmitStrategy emit = suppress ? EmitStrategy.onWindowUpdate() : EmitStrategy.onWindowClose();
        var type = job.contains("in memory")
            ? Materialized.StoreType.IN_MEMORY : Materialized.StoreType.ROCKS_DB;
        KTable<Windowed<String>, Long> counts;
        if (job.startsWith("sessions")) {
            counts = events.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(LENGTH)).emitStrategy(emit)
                .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("store").withStoreType(type));
        } else {
            TimeWindows windows = TimeWindows.ofSizeWithNoGrace(LENGTH);
            windows = job.startsWith("hopping") ? windows.advanceBy(Duration.ofSeconds(5)) : windows;
            var store = Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("store").withStoreType(type);
            counts = events.windowedBy(windows).emitStrategy(emit)
                .count(job.contains("no caching") ? store.withCachingDisabled() : store);
        }
        return suppress
            ? counts.suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())) : counts;
    }
}
JAVA
java -cp "jars/*" Jumps.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
