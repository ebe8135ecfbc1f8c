import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** Strings by their code points: Java's own methods know UTF-16 units. */
final class Text {
    private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

    /** Negative, 0 or positive, as the first string stands before, at or behind the second one. */
    static int compare(String left, String right) {
        int shorter = Math.min(left.length(), right.length());
        for (int i = 0; i < shorter; i++) {
            char a = left.charAt(i);
            char b = right.charAt(i);
            if (a != b) {
                // A code point of two units is greater than any of one.
                boolean pairA = Character.isSurrogate(a);
                boolean pairB = Character.isSurrogate(b);
                return pairA == pairB ? a - b : pairA ? 1 : -1;
            }
        }
        return left.length() - right.length();
    }

    /** How many characters it has. */
    static long length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** From the character number `start` on, the first being number 1. */
    static String substring(String text, long start) {
        return text.substring(behind(text, 0, start - 1));
    }

    /** The same, so many characters at most. */
    static String substring(String text, long start, long length) {
        int begin = behind(text, 0, start - 1);
        return text.substring(begin, behind(text, begin, length));
    }

    /** Whether the whole text is as the expression says, in which . takes every character. */
    static boolean matches(String text, String regex) {
        return PATTERNS.computeIfAbsent(regex, made -> Pattern.compile(made, Pattern.DOTALL))
            .matcher(text).matches();
    }

    /** The index so many characters behind another one, or the text's end. */
    private static int behind(String text, int index, long characters) {
        for (long left = characters; left > 0 && index < text.length(); left--) {
            index += Character.charCount(text.codePointAt(index));
        }
        return index;
    }

    private Text() {
    }
}
