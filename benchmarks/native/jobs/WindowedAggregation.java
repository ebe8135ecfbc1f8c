import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
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

/** Clicks per campaign, written by hand for Kafka Streams: Jackson's streaming parser and generator. */
public final class WindowedAggregation {
    static final JsonFactory JSON = new JsonFactory();

    record Click(String campaign, String action, long price) {
        static Click read(byte[] bytes) {
            String campaign = null;
            String action = null;
            long price = 0;
            try (JsonParser in = JSON.createParser(bytes)) {
                in.nextToken();
                while (in.nextToken() == JsonToken.FIELD_NAME) {
                    String name = in.currentName();
                    in.nextToken();
                    switch (name) {
                        case "campaign" -> campaign = in.getText();
                        case "action" -> action = in.getText();
                        case "price" -> price = in.getLongValue();
                        default -> in.skipChildren();
                    }
                }
            } catch (IOException e) {
                throw new SerializationException(e);
            }
            return new Click(campaign, action, price);
        }
    }

    record Totals(long views, long revenue, long cheapest, long dearest) {
        static final Totals NONE = new Totals(0, 0, Long.MAX_VALUE, Long.MIN_VALUE);

        Totals add(Click click) {
            return new Totals(
                views + 1, revenue + click.price,
                Math.min(cheapest, click.price), Math.max(dearest, click.price));
        }

        byte[] bytes() {
            return ByteBuffer.allocate(32)
                .putLong(views).putLong(revenue).putLong(cheapest).putLong(dearest).array();
        }

        static Totals read(byte[] bytes) {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            return new Totals(in.getLong(), in.getLong(), in.getLong(), in.getLong());
        }
    }

    record Row(String campaign, long start, Totals totals) {
        byte[] json() {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (JsonGenerator out = JSON.createGenerator(bytes)) {
                out.writeStartObject();
                out.writeStringField("campaign", campaign);
                out.writeNumberField("window_start", start);
                out.writeNumberField("views", totals.views);
                out.writeNumberField("revenue", totals.revenue);
                out.writeNumberField("cheapest", totals.cheapest);
                out.writeNumberField("dearest", totals.dearest);
                out.writeEndObject();
            } catch (IOException e) {
                throw new SerializationException(e);
            }
            return bytes.toByteArray();
        }
    }

    static final Serde<Click> CLICKS = Serdes.serdeFrom(
        (topic, click) -> {
            throw new UnsupportedOperationException("clicks are only read");
        },
        (topic, bytes) -> Click.read(bytes));
    static final Serde<Totals> TOTALS = Serdes.serdeFrom(
        (topic, totals) -> totals == null ? null : totals.bytes(),
        (topic, bytes) -> bytes == null ? null : Totals.read(bytes));
    static final Serde<Row> ROWS = Serdes.serdeFrom(
        (topic, row) -> row.json(),
        (topic, bytes) -> {
            throw new UnsupportedOperationException("rows are only written");
        });

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(in);
        }
        properties.put("client.id", properties.get("application.id") + "-" + args[1]);
        properties.put("state.dir", args[2]);

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream("${input_topic}", Consumed.with(Serdes.String(), CLICKS))
            .filter((campaign, click) -> click.action().equals("view"))
            .groupByKey()
            .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMillis(500), Duration.ofMillis(100)))
            .emitStrategy(EmitStrategy.onWindowClose())
            .aggregate(
                () -> Totals.NONE,
                (campaign, click, totals) -> totals.add(click),
                Materialized.<String, Totals>as(
                        Stores.inMemoryWindowStore(
                            "windows", Duration.ofSeconds(10), Duration.ofMillis(500), false))
                    .withKeySerde(Serdes.String())
                    .withValueSerde(TOTALS)
                    .withCachingEnabled())
            .toStream()
            .map((window, totals) -> KeyValue.pair(window.key(), new Row(
                window.key(), window.window().start(), totals)))
            .to("${output_topic}", Produced.with(Serdes.String(), ROWS));

        KafkaStreams streams = new KafkaStreams(builder.build(properties), properties);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(3))));
        Readings.start(streams, properties, args[3]);
        streams.start();
    }
}
