import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;

/**
 * Generated topologies of many cases, each in a package of its own, one after another.
 *
 * Lines of input, with texts in Base64: "open PACKAGE PROPERTIES" begins a partition, "at MS KEY VALUE" is a record
 * of it, "last MS KEY VALUE" its last one. A line of output is a package and a row, or what went wrong.
 */
public final class Cases {
    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String name = "";
        TopologyTestDriver driver = null;
        TestInputTopic<String, byte[]> input = null;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", -1);
            try {
                switch (words[0]) {
                    case "open" -> {
                        name = words[1];
                        Properties properties = new Properties();
                        properties.load(new StringReader(text(words[2])));
                        driver = driver(name, properties);
                        input = driver.createInputTopic(
                            "input", new StringSerializer(), new ByteArraySerializer());
                    }
                    case "at" -> {
                        if (driver != null) {
                            input.pipeInput(text(words[2]), bytes(words[3]), Long.parseLong(words[1]));
                        }
                    }
                    case "last" -> {
                        if (driver != null) {
                            input.pipeInput(text(words[2]), bytes(words[3]), Long.parseLong(words[1]));
                            rows(name, driver);
                            driver.close();
                        }
                    }
                    default -> throw new IllegalArgumentException(line);
                }
            } catch (Exception | Error e) {
                StringBuilder said = new StringBuilder("FAILED");
                for (Throwable each = e; each != null; each = each.getCause()) {
                    said.append(' ').append(each.toString().replaceAll("\\s+", " "));
                }
                OUT.println(name + " " + said);
                driver = null;
            }
        }
    }

    static TopologyTestDriver driver(String name, Properties properties) throws Exception {
        Class<?> generated = Class.forName(name + ".WindowedAggregation");
        Method topology = generated.getDeclaredMethod("topology", Properties.class);
        topology.setAccessible(true);
        return new TopologyTestDriver((Topology) topology.invoke(null, properties), properties);
    }

    static void rows(String name, TopologyTestDriver driver) {
        TestOutputTopic<byte[], byte[]> output = driver.createOutputTopic(
            "output", new ByteArrayDeserializer(), new ByteArrayDeserializer());
        for (byte[] row : output.readValuesToList()) {
            OUT.println(name + " " + new String(row, StandardCharsets.UTF_8));
        }
    }

    static byte[] bytes(String encoded) {
        return Base64.getDecoder().decode(encoded);
    }

    static String text(String encoded) {
        return new String(bytes(encoded), StandardCharsets.UTF_8);
    }
}
