"""Queries over streams, and what Spark Structured Streaming gives for each micro-batch.

python make_cases.py cases.json   (with pyspark==4.0.1)

A case has streams (columns at, k, v; a list of files, one read by each batch), perhaps with a watermark, and a query in
SQL that names them. `batches` are the rows of the batches that gave some, sorted, as JSON; `error` says that Spark
refuses the query."""

import json
import os
import random
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from pyspark.sql import SparkSession

SCHEMA = "at TIMESTAMP, k STRING, v INT"
START = datetime(2024, 1, 1, 12, tzinfo=timezone.utc)


def at(minutes):
    return (START + timedelta(seconds=round(minutes * 60))).strftime("%Y-%m-%dT%H:%M:%SZ")


def stream(files, watermark=None):
    rows = [[[None if m is None else at(m), k, v] for m, k, v in file] for file in files]
    return {"files": rows, **({} if watermark is None else {"watermark": watermark})}


RANGE = "l.k = r.k AND r.at >= l.at AND r.at <= l.at + INTERVAL 10 MINUTES"
PAIR = "l.at AS lat, l.k AS lk, l.v AS lv, r.at AS rat, r.k AS rk, r.v AS rv"


def join(how, on=RANGE):
    return f"SELECT {PAIR} FROM l {how} JOIN r ON {on}"


SESSIONS = (
    "SELECT k, session_window.start AS s, session_window.end AS e, count(*) AS n, sum(v) AS sum, min(v) AS min, "
    "avg(v) AS avg FROM l GROUP BY k, session_window(at, '5 minutes')"
)
LISTS = (
    "SELECT session_window AS w, k, sort_array(collect_list(v)) AS vs FROM l "
    "GROUP BY session_window(at, '5 minutes'), k"
)


def random_stream(rng, files, watermark, keys="ab"):
    def row(i):
        minute = None if rng.random() < 0.04 else rng.randrange(i * 32, i * 32 + 80) / 4
        return (minute, None if rng.random() < 0.06 else rng.choice(keys), rng.randrange(100))

    return stream([[row(i) for _ in range(rng.randrange(0, 7))] for i in range(files)], watermark)


def cases():
    sessions = stream(
        [
            [(0, "a", 1), (5, "a", 2), (9.5, "a", 3), (20, "b", 4), (None, "a", 100), (1, None, 5)],
            # Puts two sessions together; is the very end of one.
            [(25, "b", 6), (13, "a", 7), (31, "b", 8), (36, "c", 9)],
            [(2, "a", 1000), (24, "a", 10), (30, "a", 11), (28, "b", 12), (60, "c", 13)],
            [(27, "a", 14), (61, "c", 15)],
            [(100, "d", 16)],
        ],
        "10 minutes",
    )
    yield "sessions", {"l": sessions}, SESSIONS, "append"
    yield "sessions of raw values", {"l": sessions}, LISTS, "append"
    yield "sessions, complete", {"l": sessions}, SESSIONS, "complete"
    yield "sessions, update", {"l": sessions}, SESSIONS, "update"
    alone = "SELECT session_window AS w, count(*) AS n FROM l GROUP BY session_window(at, '5 minutes')"
    yield "sessions without another key", {"l": sessions}, alone, "append"
    yield "sessions with HAVING", {"l": sessions}, SESSIONS + " HAVING count(*) > 1", "append"
    left = [
        [(0, "a", 1), (4, "b", 2), (6, None, 3)],
        [(12, "a", 4), (20, "c", 5), (3, "a", 6)],
        [(40, "a", 7), (38, "b", 8)],
        [(5, "a", 9), (41, "a", 10)],
        [(90, "z", 11)],
    ]
    right = [
        [(1, "a", 10), (7, None, 20), (2, "b", 30)],
        [(14, "b", 40), (21, "a", 50), (22, "c", 60)],
        [(45, "a", 70), (48, "b", 80), (44, "d", 90)],
        [(46, "a", 91), (16, "b", 92)],
        [(100, "z", 93), (95, "z", 94)],
        [(200, "y", 95)],
    ]
    both = {"l": stream(left, "5 minutes"), "r": stream(right, "10 minutes")}
    plain = {"l": stream(left), "r": stream(right)}
    one = {"l": stream(left), "r": stream(right, "10 minutes")}
    known = {name: stream([[(m, k or name, v) for m, k, v in file] for file in files], delay) for name, files, delay in
             [("l", left, "5 minutes"), ("r", right, "10 minutes")]}
    yield "FULL join of known keys", known, join("FULL"), "append"
    key = "l.at = r.at AND l.k = r.k"
    for how in ["INNER", "LEFT", "RIGHT", "FULL", "LEFT SEMI", "LEFT ANTI"]:
        query = join(how) if how[:5] != "LEFT " else f"SELECT l.at, l.k, l.v FROM l {how} JOIN r ON {RANGE}"
        yield f"{how} join", both, query, "append"
        if how != "LEFT ANTI":
            query = query.replace(RANGE, RANGE.replace("l.at AND", "l.at AND l.v < 9 AND r.v > 20 AND"))
            yield f"{how} join, conditions of one side", both, query, "append"
            yield f"{how} join, no watermark", plain, query, "append"
            yield f"{how} join, watermark of one side", one, query, "append"
    yield "left join by the time", both, join("LEFT", key), "append"
    yield "left join without a range", both, join("LEFT", "l.k = r.k"), "append"
    yield "inner join without a range", both, join("INNER", "l.k = r.k AND l.v < r.v"), "append"
    yield "inner join, update", both, join("INNER"), "update"
    strict = "l.k = r.k AND r.at > l.at - INTERVAL 5 MINUTES AND l.at + INTERVAL 20 MINUTES > r.at"
    yield "left join, strict ranges", both, join("LEFT", strict), "append"
    yield "right join, strict ranges", both, join("RIGHT", strict), "append"
    above = f"SELECT upper(lk) AS k, rv - lv AS d FROM ({join('LEFT')}) WHERE lv > 1"
    yield "rows above and below a join", both, above.replace("FROM l ", "FROM (SELECT * FROM l WHERE v <> 4) l "), "append"
    rng = random.Random(20261129)
    for i in range(24):
        how = ["INNER", "LEFT", "RIGHT", "FULL"][i % 4]
        low, high = rng.randrange(0, 8), rng.randrange(0, 12)
        on = f"l.k = r.k AND r.at >= l.at - INTERVAL {low} MINUTES AND r.at <= l.at + INTERVAL {high} MINUTES"
        if rng.random() < 0.3:
            on += " AND l.v <= r.v"
        l = random_stream(rng, rng.randrange(2, 7), f"{rng.randrange(0, 15)} minutes")
        r = random_stream(rng, rng.randrange(2, 7), f"{rng.randrange(0, 15)} minutes")
        yield f"random {how} join {i}", {"l": l, "r": r}, join(how, on), "append"
    for i in range(10):
        l = random_stream(rng, 6, f"{rng.randrange(0, 20)} minutes")
        query = (LISTS if i % 2 else SESSIONS).replace("5 minutes", f"{rng.randrange(1, 8)} minutes")
        yield f"random sessions {i}", {"l": l}, query, "append"


def answer(spark, streams, query, mode):
    with tempfile.TemporaryDirectory() as folder:
        for name, made in streams.items():
            os.makedirs(f"{folder}/{name}")
            for i, rows in enumerate(made["files"]):
                path = f"{folder}/{name}/{i}.json"
                with open(path, "w") as file:
                    file.write("\n".join(json.dumps(dict(zip(["at", "k", "v"], row))) for row in rows))
                os.utime(path, (1_700_000_000 + i, 1_700_000_000 + i))
            frame = spark.readStream.schema(SCHEMA).option("maxFilesPerTrigger", 1).json(f"{folder}/{name}")
            if "watermark" in made:
                frame = frame.withWatermark("at", made["watermark"])
            frame.createOrReplaceTempView(name)
        batches = []
        try:
            result = spark.sql(query)
            writer = result.writeStream.outputMode(mode).trigger(availableNow=True)
            writer = writer.option("checkpointLocation", f"{folder}/state")
            writer.foreachBatch(lambda rows, _: batches.append([json.loads(row) for row in sorted(rows.toJSON().collect())])).start().awaitTermination()
        except Exception as error:
            return {"error": str(error).split("\n")[0][:200]}
        return {"batches": [batch for batch in batches if batch]}


def main():
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    found = []
    for name, streams, query, mode in cases():
        found.append({"name": name, "streams": streams, "query": query, "mode": mode})
        found[-1].update(answer(spark, streams, query, mode))
        print(name, found[-1].get("error", len(found[-1].get("batches", []))), flush=True)
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n")


main()
