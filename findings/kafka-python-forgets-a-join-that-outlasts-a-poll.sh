#!/usr/bin/env bash
# kafka-python 3.0.12: the leader of a group joins again when its topic has more partitions. While it
# joins it sends no heartbeats. When the broker's answer comes between two polls, the join is forgotten:
# with the answer it hands out all partitions, so nothing has changed any more, and need_rejoin() is false
# while the join is open. It keeps its old partitions, sends no heartbeats, is thrown out when its session
# is over, and never notices. Its partitions then belong to two consumers.
#
# Two consumers share two partitions; two more are made. The leader polls for 100 ms and works for 1 s, in
# turn. The other one only polls. 15 s later a record is written to the leader's partition.
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
before   leader [0]  other [1]
after    leader [0]  other [0, 1, 2, 3]
leader   rebalancing, heartbeats off, join needed: False
members  1
record   read by both
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
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
PROPERTIES
java -cp "jars/*" kafka.tools.StorageTool format --standalone --cluster-id AAAAAAAAAAAAAAAAAAAAAA \
  --config server.properties > format.log 2>&1
java -Xmx512m -cp "jars/*" kafka.Kafka server.properties > broker.log 2>&1 &
broker=$!

cat > join.py <<'PY'
import sys
import threading
import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError

BOOTSTRAP = sys.argv[1]


def eventually(call):
    end = time.monotonic() + 60
    while True:
        try:
            return call()
        except KafkaError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def consumer(name):
    return KafkaConsumer(
        "topic",
        bootstrap_servers=BOOTSTRAP,
        group_id="group",
        client_id=name,
        enable_auto_commit=False,
        session_timeout_ms=2_000,
        heartbeat_interval_ms=500,
        metadata_max_age_ms=1_000,
    )


def partitions(of):
    return sorted(partition.partition for partition in of.assignment())


def say(what):
    print(f"{what:<8} leader {partitions(leader)}  other {partitions(other)}", flush=True)


admin = eventually(lambda: KafkaAdminClient(bootstrap_servers=BOOTSTRAP))
eventually(lambda: admin.create_topics([NewTopic("topic", num_partitions=2, replication_factor=1)]))
leader = consumer("leader")
while partitions(leader) != [0, 1]:
    leader.poll(timeout_ms=100)
other = consumer("other")
read_by = set()
done = threading.Event()


def poll_other():
    while not done.is_set():
        if other.poll(timeout_ms=100):
            read_by.add("other")


thread = threading.Thread(target=poll_other)
thread.start()
while (len(partitions(leader)), len(partitions(other))) != (1, 1):
    leader.poll(timeout_ms=100)
say("before")


def lead_for(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if leader.poll(timeout_ms=100):
            read_by.add("leader")
        time.sleep(1)  # its work


admin.create_partitions({"topic": 4})
lead_for(15)
say("after")
inside = leader._coordinator
beats = "on" if inside._heartbeat_enabled else "off"
print(f"leader   {inside.state.strip('<>')}, heartbeats {beats}, join needed: {inside.need_rejoin()}")
print(f"members  {len(admin.describe_groups(['group'])['group']['members'])}")
producer = KafkaProducer(bootstrap_servers=BOOTSTRAP)
producer.send("topic", b"record", partition=partitions(leader)[0]).get(30)
lead_for(5)
print(f"record   read by {'both' if len(read_by) == 2 else ', '.join(sorted(read_by)) or 'nobody'}")
done.set()
thread.join()
PY
timeout 180 venv/bin/python -W ignore join.py "127.0.0.1:$port" 2> join.log | tee found
diff expected found
