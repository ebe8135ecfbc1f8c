import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Nexmark Q5: each task counts the auctions of its partition; one task compares the greatest of all partitions. */
final class Query {
    private static final long SIZE_MS = Declared.SIZE.toMillis();
    private static final long EVERY_MS = Declared.EVERY.toMillis();
    private static final long GRACE_MS = Declared.GRACE.toMillis();

    static KStream<?, Row> rows(StreamsBuilder builder, KStream<String, Event> events) {
        return events
            .process(new Stored<>(Counting::new, Set.of(Counting.counts(), store(Counting.DONE))))
            .repartition(Repartitioned.<String, String>as("greatest")
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.String())
                .withNumberOfPartitions(1))
            .process(new Stored<>(Comparing::new, Set.of(store(Comparing.PARTS))));
    }

    /** Counts bids by window and auction. Of a window that is over it tells the greatest count and who has it. */
    private static final class Counting extends ContextualProcessor<String, Event, String, String> {
        static final String COUNTS = "counts";
        static final String DONE = "done";
        private WindowStore<Long, Long> counts;
        private KeyValueStore<String, String> done;
        private long clockMs = Long.MIN_VALUE;
        private long doneMs; // windows that begin before it have been told

        static StoreBuilder<WindowStore<Long, Long>> counts() {
            return Stores.windowStoreBuilder(
                    Stores.inMemoryWindowStore(COUNTS, Declared.RETENTION, Declared.SIZE, false),
                    Serdes.Long(), Serdes.Long())
                .withCachingEnabled() // else each bid would be written to the changelog
                .withLoggingEnabled(Declared.ANY_TIME);
        }

        @Override
        public void init(ProcessorContext<String, String> context) {
            super.init(context);
            counts = context.getStateStore(COUNTS);
            done = context.getStateStore(DONE);
            String before = done.get(DONE);
            doneMs = before == null ? 0 : Long.parseLong(before);
        }

        @Override
        public void process(Record<String, Event> record) {
            long auction = record.value().auction;
            long atMs = record.timestamp();
            for (long start = newest(atMs); start > atMs - SIZE_MS; start -= EVERY_MS) {
                if (start >= doneMs) {
                    Long before = counts.fetch(auction, start);
                    counts.put(auction, before == null ? 1 : before + 1, start);
                }
            }
            if (atMs > clockMs) {
                clockMs = atMs;
                close(record);
            }
        }

        private void close(Record<String, Event> record) {
            long beforeMs = newest(clockMs - SIZE_MS - GRACE_MS) + EVERY_MS;
            if (beforeMs <= doneMs) {
                return;
            }
            TreeMap<Long, Greatest> found = new TreeMap<>();
            try (KeyValueIterator<Windowed<Long>, Long> all = counts.fetchAll(doneMs, beforeMs - 1)) {
                while (all.hasNext()) {
                    KeyValue<Windowed<Long>, Long> one = all.next();
                    found.computeIfAbsent(one.key.window().start(), start -> new Greatest())
                        .add(one.value, String.valueOf(one.key.key()));
                }
            }
            String partition = String.valueOf(context().recordMetadata().orElseThrow().partition());
            found.forEach((start, greatest) ->
                context().forward(new Record<>(partition, start + " " + greatest, record.timestamp())));
            context().forward(new Record<>(partition, "done " + beforeMs, record.timestamp()));
            doneMs = beforeMs;
            done.put(DONE, String.valueOf(doneMs));
        }

        private static long newest(long atMs) {
            return Math.floorDiv(atMs - Declared.OFFSET_MS, EVERY_MS) * EVERY_MS + Declared.OFFSET_MS;
        }
    }

    /** The greatest count so far, and who has it. */
    private static final class Greatest {
        private long count;
        private StringJoiner auctions = new StringJoiner(",");

        void add(long other, String those) {
            if (other > count) {
                count = other;
                auctions = new StringJoiner(",");
            }
            if (other == count) {
                auctions.add(those);
            }
        }

        @Override
        public String toString() {
            return count + " " + auctions;
        }
    }

    /** Keeps what each partition told of a window, until all of them are done with it. */
    private static final class Comparing extends ContextualProcessor<String, String, Long, Row> {
        static final String PARTS = "parts";
        private KeyValueStore<String, String> parts;

        @Override
        public void init(ProcessorContext<Long, Row> context) {
            super.init(context);
            parts = context.getStateStore(PARTS);
        }

        @Override
        public void process(Record<String, String> record) {
            String[] said = record.value().split(" ", 2);
            if (!said[0].equals("done")) {
                parts.put(String.format("window %019d %s", Long.parseLong(said[0]), record.key()), said[1]);
                return;
            }
            parts.put("done " + record.key(), said[1]);
            long beforeMs = Long.MAX_VALUE;
            for (int partition = 0; partition < Declared.PARTITIONS; partition++) {
                String done = parts.get("done " + partition);
                if (done == null) {
                    return;
                }
                beforeMs = Math.min(beforeMs, Long.parseLong(done));
            }
            compare(beforeMs, record.timestamp());
        }

        private void compare(long beforeMs, long timestamp) {
            TreeMap<Long, Greatest> found = new TreeMap<>();
            TreeMap<String, String> over = new TreeMap<>();
            try (KeyValueIterator<String, String> all =
                    parts.range("window ", String.format("window %019d", beforeMs))) {
                all.forEachRemaining(one -> over.put(one.key, one.value));
            }
            for (Map.Entry<String, String> one : over.entrySet()) {
                String[] told = one.getValue().split(" ");
                found.computeIfAbsent(Long.parseLong(one.getKey().split(" ")[1]), start -> new Greatest())
                    .add(Long.parseLong(told[0]), told[1]);
                parts.delete(one.getKey());
            }
            found.forEach((start, greatest) -> {
                for (String auction : greatest.auctions.toString().split(",")) {
                    Row row = new Row(Long.parseLong(auction), start, greatest.count);
                    context().forward(new Record<>(start, row, timestamp));
                }
            });
        }
    }

    private static StoreBuilder<KeyValueStore<String, String>> store(String name) {
        return Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), Serdes.String(), Serdes.String())
            .withLoggingEnabled(Declared.ANY_TIME);
    }

    /** A processor with its stores. */
    private record Stored<K, V, L, W>(Supplier<Processor<K, V, L, W>> processor, Set<StoreBuilder<?>> stores)
            implements ProcessorSupplier<K, V, L, W> {
        @Override
        public Processor<K, V, L, W> get() {
            return processor.get();
        }
    }
}
