import java.util.function.BiFunction;
import java.util.function.Function;

/** What is computed of values that may be null, as in SQL. */
final class Nulls {
    /** Null where the value is. */
    static <A, R> R of(A value, Function<A, R> function) {
        return value == null ? null : function.apply(value);
    }

    /** Null where one of the values is. */
    static <A, B, R> R of(A left, B right, BiFunction<A, B, R> function) {
        return left == null || right == null ? null : function.apply(left, right);
    }

    /** Null where one of the strings is. */
    static String concat(String... texts) {
        for (String text : texts) {
            if (text == null) {
                return null;
            }
        }
        return String.join("", texts);
    }

    /** Whether all hold; null where none fails and some are null. */
    static Boolean all(Boolean... conditions) {
        Boolean found = true;
        for (Boolean condition : conditions) {
            if (condition == null) {
                found = null;
            } else if (!condition) {
                return false;
            }
        }
        return found;
    }

    /** Whether one holds; null where none does and some are null. */
    static Boolean any(Boolean... conditions) {
        Boolean found = false;
        for (Boolean condition : conditions) {
            if (condition == null) {
                found = null;
            } else if (condition) {
                return true;
            }
        }
        return found;
    }

    /** The first that is not null. */
    @SafeVarargs
    static <T> T coalesce(T... values) {
        for (T value : values) {
            if (value != null) {
                return value;
            }
        }
        return null;
    }

    static boolean isTrue(Boolean condition) {
        return condition != null && condition;
    }

    private Nulls() {
    }
}
