import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Enumeration;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * Prints "KIND<tab>NAME" for every setting that the classes of the given jars define, with
 * "<tab>DEFAULT" where it has one.
 */
public final class SettingNames {
    private static final TreeSet<String> FOUND = new TreeSet<>();

    public static void main(String[] jars) throws Exception {
        for (String jar : jars) {
            try (JarFile file = new JarFile(jar)) {
                for (Enumeration<JarEntry> all = file.entries(); all.hasMoreElements();) {
                    String name = all.nextElement().getName();
                    if (name.endsWith(".class") && name.matches(".*(Options?|FactoryUtil|Config\\w*)\\$?(\\w*Config)?\\.class")) {
                        of(name.substring(0, name.length() - 6).replace('/', '.'));
                    }
                }
            }
        }
        spark();
        FOUND.forEach(System.out::println);
        System.exit(0);
    }

    private static void of(String name) {
        try {
            String simple = name.substring(name.lastIndexOf('.') + 1);
            if (name.startsWith("org.apache.flink.") && !name.contains(".shaded.")) {
                options(Class.forName(name, false, SettingNames.class.getClassLoader()));
            } else if (name.contains("org.apache.kafka.")) {
                kafka(name, simple);
            }
        } catch (Throwable gone) { // a class whose own needs are not there defines nothing for us
        }
    }

    private static void options(Class<?> type) throws Exception {
        for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())
                    || !field.getType().getName().equals("org.apache.flink.configuration.ConfigOption")) {
                continue;
            }
            field.setAccessible(true);
            Object option = field.get(null);
            add("option", option.getClass().getMethod("key").invoke(option),
                    option.getClass().getMethod("defaultValue").invoke(option));
            Iterable<?> fallbacks =
                    (Iterable<?>) option.getClass().getMethod("fallbackKeys").invoke(option);
            for (Object each : fallbacks) {
                FOUND.add("option\t" + each.getClass().getMethod("getKey").invoke(each));
            }
        }
    }

    /** A default that names an object of this process, or spans lines, says nothing of the version. */
    private static void add(String kind, Object name, Object value) {
        String text = value instanceof java.util.Map || value instanceof Collection || value == null
                ? String.valueOf(value) : value.getClass().isArray() ? "null" : String.valueOf(value);
        boolean told = value != null && !text.equals("null") && !text.matches("(?s).*(@[0-9a-f]{5,}|[\n\t]).*")
                && !text.contains("$$Lambda");
        FOUND.add(kind + "\t" + name + (told ? "\t" + text : ""));
    }

    private static void kafka(String name, String simple) throws Exception {
        switch (simple) {
            case "ProducerConfig" -> names("producer", name);
            case "ConsumerConfig" -> names("consumer", name);
            case "AdminClientConfig" -> names("admin", name);
            case "StreamsConfig" -> names("streams", name);
            case "TopicConfig" -> constants("topic", name);
            case "StreamsConfig$InternalConfig" -> constants("internal", name);
            default -> { }
        }
    }

    private static void names(String kind, String name) throws Exception {
        Method method = Class.forName(name).getMethod("configDef");
        Object definition = method.invoke(null);
        Collection<?> names = (Collection<?>) definition.getClass().getMethod("names").invoke(definition);
        java.util.Map<?, ?> defaults =
                (java.util.Map<?, ?>) definition.getClass().getMethod("defaultValues").invoke(definition);
        names.forEach(each -> add(kind, each, defaults.get(each)));
    }

    private static void constants(String kind, String name) throws Exception {
        for (Field field : Class.forName(name).getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class
                    && !field.getName().endsWith("_DOC")) {
                field.setAccessible(true);
                FOUND.add(kind + "\t" + field.get(null));
            }
        }
    }

    private static void spark() throws Exception {
        String root = "org.apache.spark.internal.config.";
        try {
            Class.forName(root + "package$");
        } catch (ClassNotFoundException none) {
            return;
        }
        for (String each : new String[] {"Deploy$", "History$", "Kryo$", "Network$", "Python$", "R$",
                "Status$", "Streaming$", "Tests$", "UI$", "Worker$"}) {
            Class.forName(root + each);
        }
        Class.forName("org.apache.spark.sql.internal.SQLConf$");
        Class.forName("org.apache.spark.sql.internal.StaticSQLConf$");
        Class<?> entry = Class.forName(root + "ConfigEntry$");
        Object module = entry.getField("MODULE$").get(null);
        java.util.Map<?, ?> known = (java.util.Map<?, ?>) entry.getMethod("knownConfigs").invoke(module);
        Method shown = Class.forName(root + "ConfigEntry").getMethod("defaultValueString");
        for (java.util.Map.Entry<?, ?> each : known.entrySet()) {
            String value = String.valueOf(shown.invoke(each.getValue()));
            add("option", each.getKey(), value.startsWith("<") ? null : value);
        }
        Class<?> transport = Class.forName("org.apache.spark.network.util.TransportConf");
        Class<?> empty = Class.forName("org.apache.spark.network.util.MapConfigProvider");
        Object nothing = empty.getField("EMPTY").get(null);
        Constructor<?> made = transport.getConstructors()[0];
        for (String module2 : new String[] {"rpc", "shuffle", "files"}) {
            Object conf = made.newInstance(module2, nothing);
            for (Field field : transport.getDeclaredFields()) {
                if (field.getType() == String.class && !Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    Object value = field.get(conf);
                    if (String.valueOf(value).startsWith("spark.")) {
                        FOUND.add("option\t" + value);
                    }
                }
            }
        }
    }
}
