#!/usr/bin/env bash
# redis-server: threads, a fork that writes a snapshot while the parent goes on, and a heap that is most of the process.
# Then once more as a daemon, which is a forked child itself, and starts the threads and forks there.
#
# Does a preloaded malloc serve it? Yes, wholly. Debian's redis says "malloc=jemalloc-5.3.0", but it links the system's
# libjemalloc.so.2 dynamically and calls the unprefixed names (nm -D: U malloc, calloc, realloc, free,
# malloc_usable_size). A preloaded library comes before libjemalloc in symbol lookup: LD_DEBUG=bindings shows all five
# bound to it, for the server, redis-cli, redis-benchmark and the check tools alike. Only these stay with jemalloc:
#   nallocx             one use, in sdsResize: "would this size be rounded to the block I have?" If not, it reallocates.
#   mallctl             INFO's allocator_* figures, purge, background threads: jemalloc's own, idle, heap.
#   malloc_stats_print  MEMORY MALLOC-STATS.
#   operator new[]      of libstdc++ (an indirect dependency) binds to jemalloc's; redis itself has no C++.
# So a block that went to libc's malloc all the same (in the snapshot's child, say) must be asked of libc's
# malloc_usable_size: dlsym(RTLD_NEXT) finds jemalloc's, which crashes on it, and BGSAVE fails.
# Every malloc and free of the server also asks malloc_usable_size, and its used_memory is the sum of the answers: they
# must not change during a block's life. In the snapshot's child it gives whole pages inside live blocks back to the
# system (zmadvise_dontneed): no heap may keep anything there.
# A redis that was built with a static, prefixed jemalloc (upstream's own make) would bypass the preload.
#
# serves: redis-server redis-cli redis-benchmark redis-check-rdb
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real server redis-server
find_real cli redis-cli
find_real benchmark redis-benchmark
find_real check redis-check-rdb
# A relative path: the name of a unix socket may have 107 characters only.
ask() { "$cli" -s redis.sock "$@"; }

# serve NAME OPTION...: a server whose files are NAME.log and NAME.rdb.
serve() {
    local name=$1
    shift
    "$server" --port 0 --unixsocket redis.sock --save '' --dir . --dbfilename "$name.rdb" --logfile "$name.log" \
        --lazyfree-lazy-user-del yes "$@"
}
gave_up() {
    kill -KILL "$server_pid" 2>/dev/null || true
    grep -m 1 -A 25 'crashed by signal' "$name.log" >&2 || tail -n 20 "$name.log" >&2
}
# The socket's file is there a moment before the server listens.
answers() { [[ $(ask ping 2>/dev/null) == PONG ]]; }
until_it_answers() {
    until_true 600 test -S redis.sock
    until_true 50 answers
    ask ping
}

section "start"
name=server
serve $name --daemonize no &
server_pid=$!
trap gave_up EXIT
until_it_answers

section "benchmark"
scaled requests 6000 50
"$benchmark" -s redis.sock -q -n "$requests" -c 20 -P 4 -d 100 -r 2000 \
    -t set,get,incr,lpush,rpop,sadd,hset,spop,zadd,lrange_100,mset |
    tr '\r' '\n' | sed -n 's/: .*requests per second.*//p'
ask flushall async

section "data"
scaled keys 4000 20
commands() {
    local i
    for ((i = 0; i < keys; i++)); do
        echo "SET string:$i value-$(( i * 7919 % 10007 ))-${i}${i}${i}"
        echo "HSET hash:$(( i % 200 )) field$i $(( i * i )) other$i text$i"
        echo "RPUSH list:$(( i % 50 )) element$i element$(( i + 1 ))"
        echo "ZADD sorted:$(( i % 20 )) $(( i * 37 % 1009 )) member$i"
        echo "SADD set:$(( i % 30 )) $(( i % 97 )) word$(( i % 11 ))"
        echo "APPEND grown:$(( i % 5 )) piece$i,"
    done
    echo "DEL list:0 sorted:0"
    echo "LTRIM list:1 5 15"
}
commands >commands.txt
ask --pipe <commands.txt | tail -n 1
ask dbsize
ask eval 'local t = {} for i = 1, tonumber(ARGV[1]) do t[i] = redis.call("get", "string:" .. (i - 1)) end
          table.sort(t) return {#t, t[1], t[#t], string.len(table.concat(t))}' 0 "$keys"
ask object encoding hash:1

# digest: every key in order with its whole value.
digest() {
    ask --scan | sort >names
    local name
    while read -r name; do
        echo "ECHO $name"
        case $name in
        hash:*) echo "HGETALL $name" ;;
        list:*) echo "LRANGE $name 0 -1" ;;
        sorted:*) echo "ZRANGE $name 0 -1 WITHSCORES" ;;
        set:*) echo "SORT $name ALPHA" ;;
        *) echo "GET $name" ;;
        esac
    done <names >questions
    ask <questions | sha256sum
}
digest

saved() { [[ $(ask info persistence) == *rdb_bgsave_in_progress:0* ]]; }
# snapshot: writes go on while the child saves: these pages are copied.
snapshot() {
    ask bgsave
    ask mset string:0 changed string:1 changed later:1 new
    until_true 200 saved
    ask info persistence | grep -E '^rdb_(last_bgsave_status|saves):'
    "$check" "$name.rdb" | sed -En '/RDB looks OK|keys read|already expired/ s/^\[[^]]*\] //p'
}

section "snapshot"
snapshot
digest

section "empty"
ask flushall
# The sum of all usable sizes that were added and subtracted. A heap whose answers change leaves it high, or wraps it.
empty() { [[ $(ask info memory) =~ used_memory:([0-9]+) ]] && (( BASH_REMATCH[1] > 0 && BASH_REMATCH[1] < 8000000 )); }
until_true 200 empty
ask dbsize

section "end"
ask shutdown nosave
expect 0 wait "$server_pid"

section "daemon"
name=daemon
expect 0 serve $name --daemonize yes --pidfile daemon.pid
until_it_answers
server_pid=$(<daemon.pid)
ask --pipe <commands.txt | tail -n 1
ask dbsize
snapshot
ask flushall async
ask shutdown nosave
until_true 600 has_ended "$server_pid"
trap - EXIT
