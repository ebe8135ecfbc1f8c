#!/bin/sh
# Kafka Streams 4.4.0: what it takes to emit the final results of a window grows with the record cache.
#
# An aggregation over windows emits when they close (EmitStrategy.onWindowClose), and keeps its state in
# memory. With caching enabled, fetchAll of the cached window store walks every entry of the task's cache.
# What was flushed stays there until the cache is full, windows that closed long ago included. So each
# emission takes longer than the one before, for as long as the cache (10 MB as shipped) is filling. The
# same job without caching takes the same time for each.
#
# Seen on a machine with two cores: 200 keys, windows of 500 ms. The median emission took 4.2 ms of CPU in
# windows 20 to 60 and 25.4 ms in windows 340 to 380; without caching 0.17 and 0.08 ms.
#
# Needs a JDK (17 or later) and Maven.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams-test-utils</artifactId>
    <version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars

cat > Emissions.java <<'JAVA'
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

public class Emissions {
    static final int KEYS = 200;
    static final int SIZE_MS = 500;
    static final int WINDOWS = 400;
    static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public static void main(String[] args) {
        medians(true); // what the compiler of the JVM gains is gained before
        medians(false);
        double[] cached = medians(true);
        double[] plain = medians(false);
        System.out.printf("with caching:    %.2f ms, later %.2f ms%n", cached[0], cached[1]);
        System.out.printf("without caching: %.2f ms, later %.2f ms%n", plain[0], plain[1]);
        boolean grows = cached[1] > 3 * cached[0];
        boolean stays = plain[1] < 2 * plain[0];
        System.out.println(grows && stays ? "as described" : "CHANGED");
        System.exit(grows && stays ? 0 : 1);
    }

    /** Median CPU time of an emission, in ms: of windows 20 to 60, and of windows 340 to 380. */
    static double[] medians(boolean caching) {
        Materialized<String, Long, WindowStore<Bytes, byte[]>> store =
            Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("windows")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long())
                .withStoreType(Materialized.StoreType.IN_MEMORY)
                .withRetention(Duration.ofSeconds(5));
        store = caching ? store.withCachingEnabled() : store.withCachingDisabled();
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeWithNoGrace(Duration.ofMillis(SIZE_MS)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .count(store);
        Properties properties = new Properties();
        properties.put("application.id", "emissions");
        properties.put("bootstrap.servers", "none:1");
        // Final results are held back for a second of the wall clock otherwise.
        properties.put("__emit.interval.ms.kstreams.windowed.aggregation__", 0);
        List<Double> times = new ArrayList<>();
        try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), properties)) {
            TestInputTopic<String, String> in = driver.createInputTopic(
                "in", Serdes.String().serializer(), Serdes.String().serializer());
            for (int window = 0; window < WINDOWS; window++) {
                // The first record of a window closes the one before.
                long before = THREADS.getCurrentThreadCpuTime();
                in.pipeInput("k0", "", (long) window * SIZE_MS);
                times.add((THREADS.getCurrentThreadCpuTime() - before) / 1e6);
                for (int key = 1; key < KEYS; key++) {
                    in.pipeInput("k" + key, "", (long) window * SIZE_MS + key);
                }
            }
        }
        return new double[] {median(times.subList(20, 60)), median(times.subList(340, 380))};
    }

    static double median(List<Double> times) {
        List<Double> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
JAVA
java -cp "jars/*" Emissions.java 2>/dev/null
