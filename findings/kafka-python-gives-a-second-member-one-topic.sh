#!/usr/bin/env bash
# kafka-python 3.0.12, assignor `cooperative-sticky`: a member reads two topics of four partitions alone, and a
# second member joins. The first one then keeps all partitions of one topic, and the second gets all of the
# other. Both have four, and yet all that reads the first topic is in one process. Kafka's own client, with its
# assignor of the same name, lets the first keep two of each. Where both members of kafka-python join at once,
# they share each topic, too. So how a group was started decides how its work is spread.
#
# Seen with kafka-python 3.0.12 and kafka-clients 4.4.0 (Python 3.11, Java 17, Linux), as below. A member lets
# partitions go in a first round, and the other one gets them in a second.
#
# Fails when the behaviour is another one. Needs Python, a JDK (17 or later) and Maven.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TEXT'
kafka-python, both join at once: first a0 a2 b0 b2, second a1 a3 b1 b3
kafka-python, one after the other: first a0 a1 a2 a3, second b0 b1 b2 b3
kafka-clients, one after the other: first a0 a1 b0 b1, second a2 a3 b2 b3
TEXT

cat > pom.xml <<'POM'
<project><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-clients</artifactId>
    <version>4.4.0</version></dependency>
</dependencies></project>
POM
mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=jars
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check kafka-python==3.0.12

cat > assign.py <<'PY'
from types import SimpleNamespace

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription


class Cluster:
    def topics(self):
        return {"a", "b"}

    def partitions_for_topic(self, topic):
        return {0, 1, 2, 3}


def member(name, owned):
    pair = ConsumerProtocolSubscription.TopicPartition
    return SimpleNamespace(
        member_id=name,
        metadata=ConsumerProtocolSubscription(
            version=1,
            topics=["a", "b"],
            user_data=b"",
            owned_partitions=[pair(topic=t, partitions=p) for t, p in owned.items()],
        ),
    )


def assigned(owned):
    members = [member(name, of_member) for name, of_member in owned.items()]
    found = CooperativeStickyAssignor().assign(Cluster(), members)
    return {name: dict(each.assigned_partitions) for name, each in found.items()}


def told(how, found):
    texts = (
        f"{name} " + " ".join(f"{t}{p}" for t, ps in sorted(of_member.items()) for p in sorted(ps))
        for name, of_member in sorted(found.items())
    )
    print(f"kafka-python, {how}: {', '.join(texts)}")


everything = {"a": [0, 1, 2, 3], "b": [0, 1, 2, 3]}
told("both join at once", assigned({"first": {}, "second": {}}))
kept = assigned({"first": everything, "second": {}})["first"]
told("one after the other", assigned({"first": kept, "second": {}}))
PY
venv/bin/python assign.py > seen

cat > Assign.java <<'JAVA'
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

class Assign {
    static final List<String> TOPICS = List.of("a", "b");

    static Map<String, List<TopicPartition>> assigned(Map<String, List<TopicPartition>> owned) {
        Node[] node = {new Node(0, "nowhere", 1)};
        List<PartitionInfo> infos = new ArrayList<>();
        TOPICS.forEach(topic -> {
            for (int p = 0; p < 4; p++) {
                infos.add(new PartitionInfo(topic, p, node[0], node, node));
            }
        });
        Map<String, Subscription> members = new TreeMap<>();
        owned.forEach((name, partitions) -> members.put(name, new Subscription(
            TOPICS, ByteBuffer.allocate(4).putInt(1).flip(), partitions, 1, Optional.empty())));
        Map<String, List<TopicPartition>> found = new TreeMap<>();
        new CooperativeStickyAssignor()
            .assign(new Cluster("c", List.of(node), infos, Set.of(), Set.of()), new GroupSubscription(members))
            .groupAssignment()
            .forEach((name, each) -> found.put(name, each.partitions()));
        return found;
    }

    public static void main(String[] args) {
        List<TopicPartition> everything = new ArrayList<>();
        TOPICS.forEach(topic -> {
            for (int p = 0; p < 4; p++) {
                everything.add(new TopicPartition(topic, p));
            }
        });
        List<TopicPartition> kept = assigned(Map.of("first", everything, "second", List.of())).get("first");
        String told = assigned(Map.of("first", kept, "second", List.of())).entrySet().stream()
            .map(member -> member.getKey() + " " + member.getValue().stream()
                .map(each -> each.topic() + each.partition()).sorted().collect(Collectors.joining(" ")))
            .collect(Collectors.joining(", "));
        System.out.println("kafka-clients, one after the other: " + told);
    }
}
JAVA
java -cp "jars/*" Assign.java >> seen 2> log || { tail -5 log; exit 1; }
cat seen
diff expected seen
echo "as described"
