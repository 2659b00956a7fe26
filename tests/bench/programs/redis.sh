#!/bin/sh
# A redis-server that answers a fixed number of requests: redis.sh SERVER CLIENT SCALE
# The allocator that is measured comes in BENCH_PRELOAD, so that only the server has it: not this shell, not the client.
set -eu
folder=$(mktemp -d)
server_pid=
trap 'kill $server_pid 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder" # a relative path: the name of a unix socket may have 107 characters only

LD_PRELOAD=${BENCH_PRELOAD-} "$1" --port 0 --unixsocket redis.sock --save '' --dir . --daemonize no >log &
server_pid=$!
tries=0
until [ -S redis.sock ]; do
    if ! kill -0 $server_pid 2>/dev/null || [ $((tries += 1)) -gt 600 ]; then
        cat log >&2
        exit 1
    fi
    sleep 0.01
done
requests=$(awk -v scale="$3" 'BEGIN { printf "%d", 20000 * scale + 100 }')
"$2" -s redis.sock -q -n "$requests" -c 20 -P 8 -d 200 -r 5000 -t set,get,lpush,rpop,sadd,hset,zadd,mset >answers
[ "$(grep -c 'requests per second' answers)" -eq 8 ] || { cat answers log >&2; exit 1; }
kill $server_pid
status=0
wait $server_pid || status=$?
server_pid=
[ $status -eq 0 ] || { cat log >&2; exit $status; }
echo "8 kinds of requests"
