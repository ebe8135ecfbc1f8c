/** A record of the input. */
final class Event {
    String campaign;
    String action;
    long price;
}
