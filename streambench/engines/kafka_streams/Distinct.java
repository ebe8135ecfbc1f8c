import java.nio.ByteBuffer;
import java.util.Set;

/** Sets of distinct values as bytes: their number, then each of them. */
final class Distinct {
    static int sizeOfLongs(Set<Long> values) {
        return Integer.BYTES + Long.BYTES * values.size();
    }

    static void putLongs(ByteBuffer out, Set<Long> values) {
        out.putInt(values.size());
        for (long value : values) {
            out.putLong(value);
        }
    }

    static void getLongs(ByteBuffer in, Set<Long> values) {
        for (int left = in.getInt(); left > 0; left--) {
            values.add(in.getLong());
        }
    }

    static int sizeOfStrings(Set<String> values) {
        int size = Integer.BYTES;
        for (String value : values) {
            size += Integer.BYTES + Character.BYTES * value.length();
        }
        return size;
    }

    static void putStrings(ByteBuffer out, Set<String> values) {
        out.putInt(values.size());
        for (String value : values) {
            out.putInt(value.length());
            for (int i = 0; i < value.length(); i++) {
                out.putChar(value.charAt(i));
            }
        }
    }

    static void getStrings(ByteBuffer in, Set<String> values) {
        for (int left = in.getInt(); left > 0; left--) {
            char[] value = new char[in.getInt()];
            for (int i = 0; i < value.length; i++) {
                value[i] = in.getChar();
            }
            values.add(new String(value));
        }
    }

    private Distinct() {
    }
}
