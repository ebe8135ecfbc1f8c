import java.nio.ByteBuffer;

/** How far numbers are from each other: their mean, and the squares of what they are off it, added up. */
final class Spread {
    static final int BYTES = Long.BYTES + 2 * Double.BYTES;

    private long count;
    private double mean;
    private double squares;

    /** One more number (Welford's method, which squares no number itself). */
    void add(double number) {
        count += 1;
        double away = number - mean;
        mean += away / count;
        squares += away * (number - mean);
    }

    /** All numbers of another one (the method of Chan, Golub and LeVeque). */
    void merge(Spread other) {
        if (other.count == 0) {
            return;
        }
        double both = count + other.count;
        double away = other.mean - mean;
        mean += away * other.count / both;
        squares += other.squares + away * away * count * other.count / both;
        count += other.count;
    }

    /** Whether there are so many numbers. */
    boolean has(long numbers) {
        return count >= numbers;
    }

    double ofPopulation() {
        return squares / count;
    }

    double ofSample() {
        return squares / (count - 1);
    }

    void get(ByteBuffer in) {
        count = in.getLong();
        mean = in.getDouble();
        squares = in.getDouble();
    }

    void put(ByteBuffer out) {
        out.putLong(count).putDouble(mean).putDouble(squares);
    }
}
