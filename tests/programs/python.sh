#!/usr/bin/env bash
# python3: once as it comes (its own small-object allocator asks malloc for what is over 512 bytes) and once with
# PYTHONMALLOC=malloc, where every object goes through malloc.
# serves: python3
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real python python3
export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

cat >work.py <<'END'
import collections, gc, hashlib, json, os, queue, re, subprocess, sys, threading, weakref, zlib
import multiprocessing

SCALE = int(os.environ.get("SCALE", "100"))


def scaled(count):
    return max(1, count * SCALE // 100)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def nested_json():
    data = {f"key{i}": {"list": list(range(i % 50)), "text": "é" * (i % 30), "none": None, "real": i / 7}
            for i in range(scaled(8000))}
    text = json.dumps(data, sort_keys=True)
    assert json.loads(text) == data
    print(len(text), digest(text))


def threads():
    results = queue.Queue()

    def build(number):
        table = {}
        for i in range(scaled(8000)):
            table[f"{number}-{i}"] = [i] * (i % 7)
            if i % 3 == 0:
                table.pop(f"{number}-{i // 2}", None)
        results.put((number, len(table), table))

    workers = [threading.Thread(target=build, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    collected = sorted(results.get()[:2] for _ in workers)
    for worker in workers:
        worker.join()
    print(collected)


def short_threads():
    seen = []
    for wave in range(scaled(20)):
        wave_threads = [threading.Thread(target=lambda n=n: seen.append("x" * n)) for n in (10, 1000, 100000)]
        for t in wave_threads:
            t.start()
        for t in wave_threads:
            t.join()
    print(len(seen), sum(map(len, seen)))


def forks():
    """Children allocate and free what they inherited, while a thread of the parent allocates and lets go of the GIL."""
    inherited = [bytearray(i) for i in range(2000)]
    stop = threading.Event()

    def noise():
        while not stop.is_set():
            zlib.decompress(zlib.compress(b"noise" * 20000))

    beside = threading.Thread(target=noise)
    beside.start()
    statuses = []
    for child in range(6):
        pid = os.fork()
        if pid == 0:
            own = {i: str(i) * 3 for i in range(5000)}
            inherited.clear()
            os._exit(child + 10 if len(own) == 5000 else 1)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    stop.set()
    beside.join()
    print(statuses, sum(map(len, inherited)))


def squares(n):
    return n, len(str(n ** 400)), [n] * 3


def pool():
    with multiprocessing.get_context("fork").Pool(2) as workers:
        print(digest(repr(workers.map(squares, range(scaled(2000)), chunksize=50))))
        workers.close()
        workers.join()


def regular_expressions():
    text = " ".join(f"user{i}@host{i % 97}.example" for i in range(scaled(10000)))
    hosts = collections.Counter(re.findall(r"@(\w+)\.", text))
    print(hosts.most_common(3), digest(re.sub(r"(\w+)@(\w+)", r"\2 at \1", text)))


def big_integers():
    a = 3 ** scaled(20000)
    b = 7 ** scaled(15000)
    print((a * b) % 1000000007, (b // (a >> 100)).bit_length(), hex(a & b)[-16:])


def database():
    try:
        import sqlite3
    except ImportError:
        print("no sqlite3 module")
        return
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (id integer primary key, name text, value real)")
    connection.executemany("insert into t (name, value) values (?, ?)",
                           ((f"n{i % 100}", i / 3) for i in range(scaled(10000))))
    connection.execute("create index by_name on t (name)")
    print(connection.execute("select count(*), count(distinct name), round(sum(value), 3) from t").fetchone())
    print(connection.execute("select name, count(*) from t group by name order by 2 desc, 1 limit 2").fetchall())
    connection.close()


def processes():
    done = subprocess.run(["sort", "-r"], input="a\nc\nb\n", capture_output=True, text=True)
    print(done.stdout.split(), done.returncode)
    print(subprocess.run([sys.executable, "-S", "-c", "import sys; sys.exit(len(sys.argv) + 40)", "x"]).returncode)


class Node:
    def __init__(self):
        self.me = self
        self.load = [0] * 20


def garbage():
    gc.collect()
    gc.disable()
    watched = [weakref.ref(Node()) for _ in range(scaled(5000))]
    alive = sum(reference() is not None for reference in watched)
    collected = gc.collect()
    gc.enable()
    print(alive, sum(reference() is not None for reference in watched), collected > 0)


for part in (nested_json, threads, short_threads, forks, pool, regular_expressions, big_integers, database, processes,
             garbage):
    print("==", part.__name__, flush=True)
    part()
    sys.stdout.flush()
try:
    bytearray(1 << 62)
except MemoryError:
    print("MemoryError as it should be")
sys.exit(3)
END

for allocator in default malloc; do
    section "PYTHONMALLOC=$allocator"
    expect 3 env PYTHONMALLOC="$allocator" "$python" work.py
done
