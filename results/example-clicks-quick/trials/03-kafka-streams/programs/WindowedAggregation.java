import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.WindowStore;

// Clicks per campaign: final results of 500 ms windows per campaign, emitted when they close.
public final class WindowedAggregation {
    static final String INPUT = "${input_topic}";
    static final String OUTPUT = "${output_topic}";
    static final Duration SIZE = Duration.ofMillis(500);
    static final Duration GRACE = Duration.ofMillis(100);
    // A state that is restored may be ahead of the input that is read again, by a commit or two.
    static final Duration RETENTION = Duration.ofMillis(2540);

    static Topology topology(Properties properties) {
        StreamsBuilder builder = new StreamsBuilder();
        builder
            .stream(INPUT, Consumed.with(Serdes.String(), Events.SERDE))
            .filter((key, event) -> event.action.equals("view"))
            .groupByKey() // the input is keyed by campaign: no repartitioning
            .windowedBy(TimeWindows.ofSizeAndGrace(SIZE, GRACE))
            .emitStrategy(EmitStrategy.onWindowClose())
            .aggregate(
                () -> new long[] { 0, 0, Long.MAX_VALUE, Long.MIN_VALUE },
                (key, event, totals) -> {
                    totals[0] += 1; // views
                    totals[1] += event.price; // revenue
                    totals[2] = Math.min(totals[2], event.price); // cheapest
                    totals[3] = Math.max(totals[3], event.price); // dearest
                    return totals;
                },
                Materialized.<String, long[], WindowStore<Bytes, byte[]>>as("windows")
                    .withKeySerde(Serdes.String())
                    .withValueSerde(TOTALS)
                    .withStoreType(Materialized.StoreType.IN_MEMORY)
                    .withRetention(RETENTION)
                    .withCachingEnabled()
                    // Event times may be old: without this the broker would delete open windows.
                    .withLoggingEnabled(Map.of(
                        "retention.ms", "-1",
                        "message.timestamp.before.max.ms", String.valueOf(Long.MAX_VALUE),
                        "message.timestamp.after.max.ms", String.valueOf(Long.MAX_VALUE))))
            .toStream()
            .map((window, totals) -> KeyValue.pair(
                window.key(), new Row(window.key(), window.window().start(), totals)))
            .to(OUTPUT, Produced.with(Serdes.String(), Rows.SERDE));
        return builder.build(properties);
    }

    /** The aggregates of a window, 8 bytes each. */
    static final Serde<long[]> TOTALS = Serdes.serdeFrom(
        (Serializer<long[]>) (topic, totals) -> {
            java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(8 * totals.length);
            bytes.asLongBuffer().put(totals);
            return bytes.array();
        },
        (Deserializer<long[]>) (topic, bytes) -> {
            long[] totals = new long[bytes.length / 8];
            java.nio.ByteBuffer.wrap(bytes).asLongBuffer().get(totals);
            return totals;
        });

    /** Arguments: the properties' file, this instance's name, its state folder, its readings' file. */
    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(in);
        }
        properties.put("client.id", properties.get("application.id") + "-" + args[1]);
        properties.put("state.dir", args[2]);

        KafkaStreams streams = new KafkaStreams(topology(properties), properties);
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((state, before) -> {
            System.out.println(System.currentTimeMillis() + " " + before + " -> " + state);
            if (state.hasCompletedShutdown()) {
                ended.countDown();
            }
        });
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(3))));
        Readings.start(streams, properties, args[3]);
        streams.start();
        ended.await();
        if (streams.state() == KafkaStreams.State.ERROR) {
            Runtime.getRuntime().halt(1); // to be started again by whoever watches over it
        }
    }
}
