import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * A topology that is written by hand, driven over some records without a broker.
 *
 * Arguments: the properties' file, and a file of records, "MS KEY VALUE" a line with the last two in Base64. Prints a
 * JSON object a line: {"row": value}, {"topic": name} of each other topic that is written to, or {"failed": why}.
 */
final class DryRun {
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(Path.of(args[0]))) {
            properties.load(in);
        }
        properties.put("state.dir", args[2]);
        int number = 0;
        try (TopologyTestDriver driver = new TopologyTestDriver(HandWritten.topology(properties), properties)) {
            TestInputTopic<String, byte[]> input = driver.createInputTopic(
                HandWritten.INPUT, new StringSerializer(), new ByteArraySerializer());
            for (String line : Files.readAllLines(Path.of(args[1]))) {
                number++;
                String[] words = line.split(" ", -1);
                input.pipeInput(
                    words[1].equals("-") ? null : new String(bytes(words[1]), StandardCharsets.UTF_8),
                    bytes(words[2]),
                    Long.parseLong(words[0]));
            }
            for (String topic : driver.producedTopicNames()) {
                boolean internal = topic.endsWith("-repartition") || topic.endsWith("-changelog");
                if (!internal && !topic.equals(HandWritten.OUTPUT)) {
                    OUT.println("{\"topic\": " + quote(topic) + "}");
                }
            }
            for (byte[] row : driver.createOutputTopic(
                    HandWritten.OUTPUT, new ByteArrayDeserializer(), new ByteArrayDeserializer()).readValuesToList()) {
                OUT.println("{\"row\": " + quote(new String(row, StandardCharsets.UTF_8)) + "}");
            }
        } catch (Exception | Error e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            String line = "null";
            for (StackTraceElement frame : cause.getStackTrace()) {
                if ("KafkaStreams.java".equals(frame.getFileName()) && frame.getClassName().startsWith("Query")) {
                    line = String.valueOf(frame.getLineNumber());
                    break;
                }
            }
            OUT.println("{\"failed\": " + quote(cause.toString()) + ", \"line\": " + line + ", \"event\": " + number + "}");
        }
        System.exit(0); // threads of the author's may live on
    }

    private static byte[] bytes(String encoded) {
        return Base64.getDecoder().decode(encoded);
    }

    private static String quote(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
