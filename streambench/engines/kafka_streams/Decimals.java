import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;

/** Decimals as bytes: how many there are, their scale, and the digits; nothing but -1 where there is none. */
final class Decimals {
    static int sizeOf(BigDecimal value) {
        return value == null ? Integer.BYTES : 2 * Integer.BYTES + value.unscaledValue().toByteArray().length;
    }

    static void put(ByteBuffer out, BigDecimal value) {
        if (value == null) {
            out.putInt(-1);
            return;
        }
        byte[] digits = value.unscaledValue().toByteArray();
        out.putInt(digits.length).putInt(value.scale()).put(digits);
    }

    static BigDecimal get(ByteBuffer in) {
        int length = in.getInt();
        if (length < 0) {
            return null;
        }
        int scale = in.getInt();
        byte[] digits = new byte[length];
        in.get(digits);
        return new BigDecimal(new BigInteger(digits), scale);
    }

    private Decimals() {
    }
}
