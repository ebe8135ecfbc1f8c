import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.state.Stores;

/** Clicks per campaign, written by hand for Kafka Streams: Jackson throughout. */
public final class WindowedAggregation {
    static final ObjectMapper JSON = new ObjectMapper();

    public static final class Click {
        public String campaign;
        public String action;
        public long price;
    }

    public static final class Totals {
        public long views;
        public long revenue;
        public long cheapest = Long.MAX_VALUE;
        public long dearest = Long.MIN_VALUE;

        Totals add(Click click) {
            views++;
            revenue += click.price;
            cheapest = Math.min(cheapest, click.price);
            dearest = Math.max(dearest, click.price);
            return this;
        }
    }

    public record Row(
        String campaign, long window_start, long views, long revenue, long cheapest, long dearest) {}

    static <T> Serde<T> json(Class<T> type) {
        return Serdes.serdeFrom(
            (topic, value) -> {
                try {
                    return JSON.writeValueAsBytes(value);
                } catch (JsonProcessingException e) {
                    throw new SerializationException(e);
                }
            },
            (topic, bytes) -> {
                try {
                    return bytes == null ? null : JSON.readValue(bytes, type);
                } catch (IOException e) {
                    throw new SerializationException(e);
                }
            });
    }

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(in);
        }
        properties.put("client.id", properties.get("application.id") + "-" + args[1]);
        properties.put("state.dir", args[2]);

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("${input_topic}", Consumed.with(Serdes.String(), json(Click.class)))
            .filter((campaign, click) -> click.action.equals("view"))
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(500), Duration.ofMillis(100)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .aggregate(
                Totals::new,
                (campaign, click, totals) -> totals.add(click),
                Materialized.<String, Totals>as(
                        Stores.inMemoryWindowStore(
                            "windows", Duration.ofSeconds(10), Duration.ofMillis(500), false))
                    .withKeySerde(Serdes.String())
                    .withValueSerde(json(Totals.class))
                    .withCachingEnabled())
            .toStream()
            .map((window, totals) -> KeyValue.pair(window.key(), new Row(
                window.key(), window.window().start(),
                totals.views, totals.revenue, totals.cheapest, totals.dearest)))
            .to("${output_topic}", Produced.with(Serdes.String(), json(Row.class)));

        KafkaStreams streams = new KafkaStreams(builder.build(properties), properties);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(3))));
        Readings.start(streams, properties, args[3]);
        streams.start();
    }
}
