import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Rows of the output, written by Jackson's generator. */
final class Rows {
    static final Serde<Row> SERDE = Serdes.serdeFrom(
        (Serializer<Row>) (topic, row) -> json(row),
        (Deserializer<Row>) (topic, json) -> {
            throw new UnsupportedOperationException("rows are written only");
        });

    private static final JsonFactory JSON = new JsonFactory();

    static byte[] json(Row row) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("campaign", row.key());
            out.writeNumberField("window_start", row.windowStart());
            out.writeNumberField("views", row.totals()[0]);
            out.writeNumberField("revenue", row.totals()[1]);
            out.writeNumberField("cheapest", row.totals()[2]);
            out.writeNumberField("dearest", row.totals()[3]);
            out.writeEndObject();
        } catch (IOException e) {
            throw new SerializationException(e);
        }
        return bytes.toByteArray();
    }
}
