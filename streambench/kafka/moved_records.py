"""What lies in the topic to which an engine moved records by their group."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from streambench.kafka.block_file import BlockFile
from streambench.kafka.blocks import encode_block
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.fetch import Isolation, committed
from streambench.kafka.follower import FetchFailed, Follower, RecordsGone
from streambench.kafka.raw_rows import RawRows
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.workload import Query
from streambench.oracle.evidence import MovedLog
from streambench.workload.keys import key_text

# Behind an open transaction nothing is handed out: after so many empty answers, of half a second each,
# nothing will be.
_EMPTY_ANSWERS: Final = 8
_MOST_S: Final = 120.0
# An answer is put together of many pieces, which takes the longer the larger it is.
_PARTITION_BYTES: Final = 1 << 18
_NO_KEY: Final = b"null"


class NotAllMoved(Exception):
    """Something that was moved is not known."""


class _Mover(Follower):
    partition_bytes = _PARTITION_BYTES


def read_moved(
    access: KafkaAccess, topic: str, begin: Sequence[int], scratch: Path
) -> tuple[Path, tuple[int, ...]]:
    """Keep all committed records from `begin` (an offset a partition) on in a file in `scratch`.

    Returns the file, for `moved_log`, and the offsets where the next time may begin. Raises NotAllMoved where the
    end was not reached or an engine let the broker delete what it has read, and InstrumentFailed.
    """
    file = scratch / f"{topic}-{sum(begin)}.rows"
    follower = _Mover(Cluster(access), topic, len(begin), Isolation.READ_COMMITTED)
    follower.offsets = list(begin)
    behind = set(range(len(begin)))
    empty, until_s = 0, time.monotonic() + _MOST_S
    try:
        with file.open("wb") as blocks:
            while behind and empty < _EMPTY_ANSWERS and time.monotonic() < until_s:
                for arrived_ns, fetched in follower.fetch():
                    came = [(one.partition, batch) for one in fetched for batch in committed(one)]
                    empty = 0 if any(one.records for one in fetched) else empty + 1
                    if came:
                        blocks.write(encode_block(arrived_ns, came))
                    for one in fetched:
                        if follower.offsets[one.partition] >= one.high_watermark:
                            behind.discard(one.partition)
        if behind:
            raise NotAllMoved(f"partitions {sorted(behind)} of {topic} were not read to their end")
    except (RecordsGone, NotAllMoved) as error:
        file.unlink()
        raise NotAllMoved(str(error)) from error
    except (ConnectionLost, FetchFailed) as error:
        raise InstrumentFailed(f"topic {topic} cannot be read: {error}") from error
    finally:
        follower.close()
    return file, tuple(follower.offsets)


def moved_log(file: Path, query: Query, *, offset_ms: int, restarted: bool) -> MovedLog:
    """Read such a file; `offset_ms` is what was added to the event times of the trace. The file goes."""
    blocks = BlockFile(file)
    partitions, times_ms, keys = [], [], []
    while len(rows := blocks.take()):
        order = np.lexsort((rows.offset, rows.partition))
        partitions.append(rows.partition[order])
        times_ms.append(rows.appended_ms[order])  # of a topic whose records keep their own time
        keys.append(_keys(rows).take(pa.array(order)))
    file.unlink()
    nothing = np.zeros(0, dtype=np.int64)
    coded = pa.chunked_array(keys, pa.binary()).combine_chunks().dictionary_encode()
    return MovedLog(
        partition=np.concatenate([nothing, *partitions]),
        group=np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64),
        groups=[_text(key, query) for key in coded.dictionary.to_pylist()],
        event_ms=np.concatenate([nothing, *times_ms]) - offset_ms,
        restarted=restarted,
    )


def _keys(rows: RawRows) -> pa.Array:
    places = zip(rows.key_begin.tolist(), rows.key_end.tolist(), strict=True)
    found = [_NO_KEY if end < 0 else rows.data[begin:end] for begin, end in places]
    return pa.array(found, pa.binary())


def _text(key: bytes, query: Query) -> str:
    """The text of a group, however its engine wrote an array; a key that is no such text is kept as it is."""
    text = key.decode(errors="replace")
    if len(query.group_by) == 1:
        return text
    try:
        return key_text(json.loads(text, parse_float=Decimal))
    except (ValueError, TypeError):
        return text
