import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Records of the input: all their fields, read by Jackson's streaming parser. */
final class Events {
    static final Serde<Event> SERDE = Serdes.serdeFrom(
        (Serializer<Event>) (topic, event) -> {
            throw new UnsupportedOperationException("events are read only");
        },
        (Deserializer<Event>) (topic, json) -> parse(json));

    private static final JsonFactory JSON = new JsonFactory();

    static Event parse(byte[] json) {
        try (JsonParser in = JSON.createParser(json)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw new JsonParseException(in, "expected an object");
            }
            Event event = new Event();
            while (in.nextToken() == JsonToken.FIELD_NAME) {
                String name = in.currentName();
                in.nextToken();
                switch (name) {
                    case "campaign" -> event.campaign = string(in);
                    case "action" -> event.action = string(in);
                    case "price" -> event.price = whole(in);
                    default -> in.skipChildren();
                }
            }
            return event;
        } catch (IOException e) {
            throw new SerializationException(e);
        }
    }

    private static String string(JsonParser in) throws IOException {
        if (in.currentToken() != JsonToken.VALUE_STRING) {
            throw new JsonParseException(in, in.currentName() + " is no string");
        }
        return in.getText();
    }

    private static long whole(JsonParser in) throws IOException {
        if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw new JsonParseException(in, in.currentName() + " is no whole number");
        }
        return in.getLongValue();
    }
}
