#!/bin/sh
# Becomes streambench. Clusters that the environment names are given to the commands that can use
# them, before the user's own options, which win:
#
#   STREAMBENCH_BOOTSTRAP_SERVERS  --bootstrap-servers      STREAMBENCH_FLINK_REST    --flink-rest
#   STREAMBENCH_KAFKA_CONFIG       --kafka-config           STREAMBENCH_SPARK_MASTER  --spark-master
#   STREAMBENCH_ENGINES            --engine, if none is given    STREAMBENCH_CHECKPOINT_DIR
#
# Without them, and for every other command, it changes nothing.
set -eu

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

command=${1:-run}
[ $# -eq 0 ] || shift

case $command in
run | doctor | clean | play)
    if [ -n "${STREAMBENCH_KAFKA_CONFIG:-}" ]; then
        set -- --kafka-config "$STREAMBENCH_KAFKA_CONFIG" "$@"
    fi
    if [ -n "${STREAMBENCH_BOOTSTRAP_SERVERS:-}" ]; then
        set -- --bootstrap-servers "$STREAMBENCH_BOOTSTRAP_SERVERS" "$@"
    fi
    ;;
esac

if [ "$command" = run ]; then
    engines=$(engines_asked "$@")
    if [ -z "$engines" ] && [ -n "${STREAMBENCH_ENGINES:-}" ]; then
        engines=,$STREAMBENCH_ENGINES
        set -- --engine "$STREAMBENCH_ENGINES" "$@"
    fi
    # A cluster of an engine that is not run would be refused.
    elsewhere=
    case ${engines:-,flink} in
    *,flink*)
        if [ -n "${STREAMBENCH_FLINK_REST:-}" ]; then
            set -- --flink-rest "$STREAMBENCH_FLINK_REST" "$@"
            elsewhere=yes
        fi
        ;;
    esac
    case ${engines:-,spark} in
    *,spark*)
        if [ -n "${STREAMBENCH_SPARK_MASTER:-}" ]; then
            set -- --spark-master "$STREAMBENCH_SPARK_MASTER" "$@"
            elsewhere=yes
        fi
        ;;
    esac
    if [ -n "$elsewhere" ] && [ -n "${STREAMBENCH_CHECKPOINT_DIR:-}" ]; then
        set -- --checkpoint-dir "$STREAMBENCH_CHECKPOINT_DIR" "$@"
    fi
fi

exec streambench "$command" "$@"
