import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windows;
import org.apache.kafka.streams.kstream.internals.TimeWindow;

/** Time windows an offset behind those of Kafka Streams, which begin at the epoch. */
final class ShiftedWindows extends Windows<TimeWindow> {
    private final TimeWindows windows;
    private final long offsetMs;

    ShiftedWindows(TimeWindows windows, long offsetMs) {
        this.windows = windows;
        this.offsetMs = offsetMs;
    }

    @Override
    public Map<Long, TimeWindow> windowsFor(long timestamp) {
        Map<Long, TimeWindow> shifted = new LinkedHashMap<>();
        for (TimeWindow window : windows.windowsFor(timestamp - offsetMs).values()) {
            long start = window.start() + offsetMs;
            shifted.put(start, new TimeWindow(start, window.end() + offsetMs));
        }
        return shifted;
    }

    @Override
    public long size() {
        return windows.size();
    }

    @Override
    public long gracePeriodMs() {
        return windows.gracePeriodMs();
    }
}
