#!/bin/sh
# Becomes streambench. Clusters that the environment names are given to a command that can use them,
# before the user's own options, which win:
#
#   STREAMBENCH_BOOTSTRAP_SERVERS  --bootstrap-servers
#   STREAMBENCH_KAFKA_CONFIG       --kafka-config
#   STREAMBENCH_FLINK_REST         --flink-rest, where Flink is run
#   STREAMBENCH_SPARK_MASTER       --spark-master, where Spark is run
#   STREAMBENCH_CHECKPOINT_DIR     --checkpoint-dir, beside one of these
#   STREAMBENCH_WORKERS            --workers
#   STREAMBENCH_WORKERS_RUN_ID     --workers-elsewhere with this --run-id, where Kafka Streams or the
#                                  Python consumer is run
#   STREAMBENCH_ENGINES            --engine, if none is asked for
#
# Without them, and for every other command, it changes nothing.
set -eu

command=${1:-run}
[ $# -eq 0 ] || shift

# To `generate` a Kafka says where to write; and an option comes before any command.
case $command in
-* | generate) exec streambench "$command" "$@" ;;
esac

# `worker join` and `worker print` are commands of their own.
of_worker=
if [ "$command" = worker ] && [ $# -gt 0 ]; then
    of_worker=$1
    shift
fi

# What a command can be told stands in its help: a list of that here would fall behind.
help=
if env | grep -q '^STREAMBENCH_\(BOOTSTRAP\|KAFKA\|FLINK\|SPARK\|CHECKPOINT\|WORKERS\|ENGINES\)'; then
    help=$(COLUMNS=200 NO_COLOR=1 streambench "$command" ${of_worker:+"$of_worker"} --help 2>/dev/null || :)
fi

# Whether there is a value ($2) for an option ($1) that the command knows.
to_give() {
    [ -n "$2" ] || return 1
    case $help in
    *"$1"[!a-z-]*) return 0 ;;
    *) return 1 ;;
    esac
}

# The engines that the user asks for, each behind a comma; none: what the environment says.
engines_asked() {
    while [ $# -gt 0 ]; do
        case $1 in
        --engine | -e) printf ',%s' "${2:-}" ;;
        --engine=*) printf ',%s' "${1#--engine=}" ;;
        -e?*) printf ',%s' "${1#-e}" ;;
        esac
        shift
    done
}

engines=$(engines_asked "$@")
if [ -z "$engines" ] && to_give --engine "${STREAMBENCH_ENGINES:-}"; then
    engines=,$STREAMBENCH_ENGINES
    set -- --engine "$STREAMBENCH_ENGINES" "$@"
fi
# A cluster of an engine that is not run would be refused.
elsewhere=
case ${engines:-,flink} in
*,flink*)
    if to_give --flink-rest "${STREAMBENCH_FLINK_REST:-}"; then
        set -- --flink-rest "$STREAMBENCH_FLINK_REST" "$@"
        elsewhere=yes
    fi
    ;;
esac
case ${engines:-,spark} in
*,spark*)
    if to_give --spark-master "${STREAMBENCH_SPARK_MASTER:-}"; then
        set -- --spark-master "$STREAMBENCH_SPARK_MASTER" "$@"
        elsewhere=yes
    fi
    ;;
esac
if [ -n "$elsewhere" ] && to_give --checkpoint-dir "${STREAMBENCH_CHECKPOINT_DIR:-}"; then
    set -- --checkpoint-dir "$STREAMBENCH_CHECKPOINT_DIR" "$@"
fi
case ${engines:-,kafka-} in
*,kafka-*)
    if to_give --workers-elsewhere "${STREAMBENCH_WORKERS_RUN_ID:-}"; then
        set -- --workers-elsewhere --run-id "$STREAMBENCH_WORKERS_RUN_ID" "$@"
    fi
    ;;
esac
if to_give --workers "${STREAMBENCH_WORKERS:-}"; then
    set -- --workers "$STREAMBENCH_WORKERS" "$@"
fi
if to_give --kafka-config "${STREAMBENCH_KAFKA_CONFIG:-}"; then
    set -- --kafka-config "$STREAMBENCH_KAFKA_CONFIG" "$@"
fi
if to_give --bootstrap-servers "${STREAMBENCH_BOOTSTRAP_SERVERS:-}"; then
    set -- --bootstrap-servers "$STREAMBENCH_BOOTSTRAP_SERVERS" "$@"
fi

exec streambench "$command" ${of_worker:+"$of_worker"} "$@"
