import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.ThreadMetadata;

/** Appends what this instance says of itself to a file: its settings once, then a line a second. */
final class Readings {
    private final KafkaStreams streams;
    private final PrintStream out;

    private Readings(KafkaStreams streams, PrintStream out) {
        this.streams = streams;
        this.out = out;
    }

    static void start(KafkaStreams streams, Properties properties, String path) throws IOException {
        PrintStream out = new PrintStream(new FileOutputStream(path, true), true, StandardCharsets.UTF_8);
        out.println("{\"pid\":" + pid() + ",\"effective\":{\"kafka-streams\":" + effective(properties) + "}}");
        Readings readings = new Readings(streams, out);
        Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "readings");
            thread.setDaemon(true);
            return thread;
        }).scheduleAtFixedRate(readings::write, 137, 1000, TimeUnit.MILLISECONDS);
    }

    private void write() {
        try {
            out.println(line());
        } catch (RuntimeException e) {
            // Kept from ending the schedule: a metric can go while it is read.
            out.println("{\"pid\":" + pid() + ",\"state\":\"" + streams.state() + "\",\"error\":"
                + quote(e.toString()) + "}");
        }
    }

    private String line() {
        Map<String, Double> sums = new TreeMap<>();
        for (Map.Entry<MetricName, ? extends Metric> entry : streams.metrics().entrySet()) {
            String group = entry.getKey().group();
            String name = entry.getKey().name();
            boolean wanted = switch (name) {
                case "process-total", "commit-latency-avg" -> group.equals("stream-thread-metrics");
                case "dropped-records-total" -> group.equals("stream-task-metrics");
                case "rebalance-total" -> group.equals("consumer-coordinator-metrics");
                case "records-lag-max" -> group.equals("consumer-fetch-manager-metrics")
                    && !entry.getKey().tags().containsKey("partition");
                default -> false;
            };
            if (wanted && entry.getValue().metricValue() instanceof Number number
                && Double.isFinite(number.doubleValue())) {
                sums.merge(name, number.doubleValue(), Double::sum);
            }
        }
        int tasks = 0;
        for (ThreadMetadata thread : streams.metadataForLocalThreads()) {
            tasks += thread.activeTasks().size();
        }
        StringBuilder line = new StringBuilder("{\"pid\":").append(pid())
            .append(",\"t_ms\":").append(System.currentTimeMillis())
            .append(",\"state\":\"").append(streams.state())
            .append("\",\"tasks\":").append(tasks);
        sums.forEach((name, value) ->
            line.append(",\"").append(name.replace('-', '_')).append("\":").append(value));
        return line.append('}').toString();
    }

    /** Of each setting that was asked for the value that Kafka Streams made of it. */
    private static String effective(Properties properties) {
        StreamsConfig config = new StreamsConfig(properties);
        Map<String, Object> producer = config.getProducerConfigs("readings");
        Map<String, Object> consumer = config.getMainConsumerConfigs("readings", "readings", 0);
        StringBuilder json = new StringBuilder("{");
        for (String name : properties.stringPropertyNames()) {
            // How Kafka is reached: passwords are among it, and this goes into a log that is kept.
            if (name.startsWith("sasl.") || name.startsWith("ssl.") || name.startsWith("security.")) {
                continue;
            }
            Object value;
            if (name.startsWith("producer.")) {
                value = producer.get(name.substring("producer.".length()));
            } else if (name.startsWith("consumer.")) {
                value = consumer.get(name.substring("consumer.".length()));
            } else {
                value = config.values().containsKey(name) ? config.values().get(name) : properties.get(name);
            }
            json.append(json.length() == 1 ? "" : ",")
                .append(quote(name)).append(':').append(quote(String.valueOf(value)));
        }
        return json.append('}').toString();
    }

    /** The string as a JSON literal. */
    private static String quote(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    private static long pid() {
        return ProcessHandle.current().pid();
    }
}
