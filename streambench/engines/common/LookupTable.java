import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A small table that records are joined with, all of it in memory. */
final class LookupTable {
    /**
     * The values of each row by its key. A line of the resource is a row, with tabs between its columns, of
     * which the first is the key; it is written as by PostgreSQL's COPY.
     */
    static Map<Object, Object[]> read(String resource, String... types) {
        Map<Object, Object[]> rows = new HashMap<>();
        var stream = LookupTable.class.getResourceAsStream(resource);
        try (var in = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] texts = line.split("\t", -1);
                Object[] values = new Object[texts.length - 1];
                for (int i = 1; i < texts.length; i++) {
                    values[i - 1] = value(texts[i], types[i]);
                }
                rows.put(value(texts[0], types[0]), values);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return rows;
    }

    private static Object value(String text, String type) {
        if (text.equals("\\N")) {
            return null;
        }
        return switch (type) {
            case "string" -> unescaped(text);
            case "bigint" -> Long.valueOf(text);
            case "double" -> Double.valueOf(text);
            case "boolean" -> Boolean.valueOf(text);
            case "decimal" -> new BigDecimal(text);
            default -> throw new IllegalArgumentException(type);
        };
    }

    private static String unescaped(String text) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                c = text.charAt(++i);
                c = switch (c) {
                    case 't' -> '\t';
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    default -> c;
                };
            }
            plain.append(c);
        }
        return plain.toString();
    }

    private LookupTable() {
    }
}
