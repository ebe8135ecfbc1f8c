#!/usr/bin/env bash
# kafka-python 3.0.12: describe_configs() leaves out the error that the broker's answer has for each
# resource. A topic that does not exist, or that the broker has not heard of yet, looks as a topic without
# any setting: {}. Kafka's own client raises UnknownTopicOrPartitionException. A program that reads a topic's
# settings right after it has made the topic, in a cluster of several brokers, cannot tell "not yet" from
# "none", and takes its own defaults for the cluster's.
#
# Seen with kafka-python 3.0.12 and a broker of Kafka 4.4.0 (Python 3.11, Java 17, Linux), as below.
#
# Fails when the behaviour is another one. Needs Python, a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || { kill "$broker"; wait "$broker" || true; }; rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TEXT'
a topic       kafka-python: min.insync.replicas is 1
no such topic kafka-python: {}
no such topic Kafka's client: UnknownTopicOrPartitionException
TEXT

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
    <version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kafka-python==3.0.12

read -r port controller < <(python3 - <<'PY'
import socket

sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(each.getsockname()[1] for each in sockets))
PY
)
cat > server.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.quorum.bootstrap.servers=127.0.0.1:$controller
log.dirs=$folder/data
offsets.topic.replication.factor=1
PROPERTIES
java -cp "jars/*" kafka.tools.StorageTool format --standalone --cluster-id AAAAAAAAAAAAAAAAAAAAAA \
  --config server.properties > format.log 2>&1
java -Xmx512m -cp "jars/*" kafka.Kafka server.properties > broker.log 2>&1 &
broker=$!

cat > Ask.java <<'JAVA'
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigResource;

class Ask {
    public static void main(String[] args) throws Exception {
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            var there = new ConfigResource(ConfigResource.Type.TOPIC, "nowhere");
            System.out.println(admin.describeConfigs(List.of(there)).all().get());
        } catch (ExecutionException error) {
            System.out.println("no such topic Kafka's client: " + error.getCause().getClass().getSimpleName());
        }
    }
}
JAVA
cat > ask.py <<'PY'
import sys
import time

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

until = time.monotonic() + 60
while True:
    try:
        admin = KafkaAdminClient(bootstrap_servers=sys.argv[1])
        break
    except KafkaError:
        if time.monotonic() > until:
            raise
admin.create_topics({"there": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in ("there", "nowhere")]
told = admin.describe_configs(asked, config_filter="all")["topic"]
print(f"a topic       kafka-python: min.insync.replicas is {told['there']['min.insync.replicas']['value']}")
print(f"no such topic kafka-python: {told['nowhere']}")
PY
venv/bin/python ask.py "127.0.0.1:$port" > seen
java -cp "jars/*" Ask.java "127.0.0.1:$port" >> seen 2> ask.log
cat seen
diff expected seen
echo "as described"
