#!/usr/bin/env bash
# Kafka Streams 4.4.0 leaves out the record cache of session and sliding windows that emit final results,
# without a word, although `withCachingEnabled()` was asked for. Tumbling and hopping windows keep it.
#
# It matters under at-least-once. With the cache the changelog gets updates at a commit, with the offsets.
# Without it each update goes out at once: after a crash the restored state is ahead of the input that is read
# again, by up to a commit interval, and these events count twice.
#
# Seen with kafka-streams 4.4.0 (Java 17, Linux): the layers of each store, as in the table below.
#
# Fails when the behaviour is another one. Needs a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
windows        updates        final results
tumbling       cache          cache
sessions       cache          no cache
sliding        cache          no cache
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

cat > Caches.java <<'JAVA'
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.internals.WrappedStateStore;

public class Caches {
    static final Duration LENGTH = Duration.ofSeconds(10);

    public static void main(String[] arguments) {
        System.out.printf("%-15s%-15s%s%n", "windows", "updates", "final results");
        for (String windows : List.of("tumbling", "sessions", "sliding")) {
            System.out.printf("%-15s%-15s%s%n", windows,
                cache(windows, EmitStrategy.onWindowUpdate()), cache(windows, EmitStrategy.onWindowClose()));
        }
    }

    /** Whether some layer of the store is a cache. */
    static String cache(String windows, EmitStrategy emit) {
        StreamsBuilder builder = new StreamsBuilder();
        KGroupedStream<String, String> grouped =
            builder.stream("in", Consumed.with(Serdes.String(), Serdes.String())).groupByKey();
        switch (windows) {
            case "tumbling" -> grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(LENGTH)).emitStrategy(emit)
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("store").withCachingEnabled());
            case "sessions" -> grouped.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(LENGTH)).emitStrategy(emit)
                .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("store").withCachingEnabled());
            default -> grouped.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(LENGTH)).emitStrategy(emit)
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("store").withCachingEnabled());
        }
        Properties properties = new Properties();
        properties.put("application.id", "caches");
        properties.put("bootstrap.servers", "none:1");
        properties.put("state.dir", "state" + System.nanoTime());
        try (var driver = new TopologyTestDriver(builder.build(), properties)) {
            StateStore layer = driver.getAllStateStores().get("store");
            while (layer instanceof WrappedStateStore<?, ?, ?> wrapped) {
                if (layer.getClass().getSimpleName().contains("Caching")) return "cache";
                layer = wrapped.wrapped();
            }
        }
        return "no cache";
    }
}
JAVA
java -cp "jars/*" Caches.java 2> log > found || { tail -5 log; exit 1; }
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
