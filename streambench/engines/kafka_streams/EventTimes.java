import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/** Gives each event its time, which aggregators are not told. */
final class EventTimes extends ContextualFixedKeyProcessor<String, Event, Event> {
    @Override
    public void process(FixedKeyRecord<String, Event> record) {
        record.value().eventTime = record.timestamp();
        context().forward(record);
    }
}
