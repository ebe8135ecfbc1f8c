import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads one flat JSON object from its UTF-8 bytes, field by field, and quotes strings. */
final class FlatJson {
    private final byte[] json;
    private int at = 0;
    private boolean first = true;
    private byte[] name;
    private int nameStart;
    private int nameEnd;

    FlatJson(byte[] json) {
        this.json = json;
        expect('{');
    }

    /** The bytes of a field's name, to be given to {@link #named}. */
    static byte[] name(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    /** Goes on to the next field's value; false at the end of the object. */
    boolean next() {
        skipSpace();
        if (json[at] == '}') {
            return false;
        }
        if (!first) {
            expect(',');
        }
        first = false;
        expect('"');
        nameStart = at;
        boolean escaped = toEndOfString();
        nameEnd = at - 1;
        name = json;
        if (escaped) {
            name = unescape(nameStart, nameEnd).getBytes(StandardCharsets.UTF_8);
            nameStart = 0;
            nameEnd = name.length;
        }
        expect(':');
        skipSpace();
        return true;
    }

    /** Whether the current field has this name. */
    boolean named(byte[] wanted) {
        return Arrays.equals(name, nameStart, nameEnd, wanted, 0, wanted.length);
    }

    /** The current value, a string. */
    String string() {
        expect('"');
        int start = at;
        boolean escaped = toEndOfString();
        return escaped
            ? unescape(start, at - 1)
            : new String(json, start, at - 1 - start, StandardCharsets.UTF_8);
    }

    /** The current value, a whole number. */
    long whole() {
        boolean negative = json[at] == '-';
        if (negative) {
            at++;
        }
        int start = at;
        long value = 0; // kept negative: the range of long reaches further down than up
        while (json[at] >= '0' && json[at] <= '9') {
            value = Math.subtractExact(Math.multiplyExact(value, 10), json[at++] - '0');
        }
        if (at == start || json[at] == '.' || json[at] == 'e' || json[at] == 'E') {
            throw wrong("a whole number");
        }
        return negative ? value : Math.negateExact(value);
    }

    /** The current value, a number. */
    double real() {
        return Double.parseDouble(number());
    }

    /** The same with all its digits. */
    BigDecimal decimal() {
        return new BigDecimal(number());
    }

    private String number() {
        int start = at;
        while (json[at] >= '+' && json[at] <= '9' && json[at] != ',' && json[at] != '/'
            || json[at] == 'e' || json[at] == 'E') {
            at++;
        }
        // Java would take a sign, a point or a zero that JSON does not.
        byte first = json[json[start] == '-' ? start + 1 : start];
        if (at == start || first < '0' || first > '9') {
            throw wrong("a number");
        }
        return new String(json, start, at - start, StandardCharsets.ISO_8859_1);
    }

    /** The current value, true or false. */
    boolean flag() {
        for (String word : new String[] { "true", "false" }) {
            byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
            if (at + bytes.length <= json.length
                && Arrays.equals(json, at, at + bytes.length, bytes, 0, bytes.length)) {
                at += bytes.length;
                return word.equals("true");
            }
        }
        throw wrong("true or false");
    }

    /** Passes over the current value, whatever it is. */
    void skip() {
        if (json[at] == '"') {
            at++;
            toEndOfString();
            return;
        }
        int depth = 0;
        while (depth > 0 || (json[at] != ',' && json[at] != '}')) {
            byte b = json[at++];
            if (b == '"') {
                toEndOfString();
            } else if (b == '{' || b == '[') {
                depth++;
            } else if (b == '}' || b == ']') {
                depth--;
            }
        }
    }

    /** The elements of a compact JSON array of strings and numbers, each as it stands there. */
    static String[] elements(String array) {
        List<String> found = new ArrayList<>();
        boolean quoted = false;
        int start = 1;
        for (int i = 1; i < array.length(); i++) {
            char c = array.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == ']')) {
                found.add(array.substring(start, i));
                start = i + 1;
            }
        }
        return found.toArray(new String[0]);
    }

    /** The string as a JSON literal. */
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /** Stops behind the closing quote; tells whether there was an escape. */
    private boolean toEndOfString() {
        boolean escaped = false;
        while (json[at] != '"') {
            if (json[at] == '\\') {
                escaped = true;
                at++;
            }
            at++;
        }
        at++;
        return escaped;
    }

    private String unescape(int start, int end) {
        String raw = new String(json, start, end - start, StandardCharsets.UTF_8);
        StringBuilder text = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            c = raw.charAt(++i);
            switch (c) {
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'n' -> text.append('\n');
                case 'r' -> text.append('\r');
                case 't' -> text.append('\t');
                case 'u' -> {
                    text.append((char) Integer.parseInt(raw.substring(i + 1, i + 5), 16));
                    i += 4;
                }
                default -> text.append(c);
            }
        }
        return text.toString();
    }

    private void expect(char wanted) {
        skipSpace();
        if (json[at] != wanted) {
            throw wrong("'" + wanted + "'");
        }
        at++;
    }

    private void skipSpace() {
        while (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t') {
            at++;
        }
    }

    private IllegalArgumentException wrong(String wanted) {
        return new IllegalArgumentException(
            "expected " + wanted + " at byte " + at + " of " + new String(json, StandardCharsets.UTF_8));
    }
}
