#!/usr/bin/env bash
# PostgreSQL: each connection, and each helper (checkpointer, writers, parallel workers), is a child that the postmaster
# forks, some of them in a handler of a signal, and that never execs. One of them loads LLVM, and so C++, to compile
# queries.
#
# It refuses to run as root; then it runs as nobody. Only unix sockets: no port that may be taken.
#
# serves: pg_ctl postgres psql pgbench
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
# Debian keeps the server's programs out of PATH, one folder for each version; and what PATH has may be wrappers.
for bin in /usr/lib/postgresql/*/bin; do
    if [[ -x $bin/postgres ]]; then PATH=$bin:$PATH; fi
done
for program in postgres pg_ctl initdb psql pgbench; do
    find_real $program $program
done

as_server=()
if (( EUID == 0 )); then
    as_server=(runuser -u nobody --)
    chown nobody .
    needed=${LD_PRELOAD:-$postgres}
    "${as_server[@]}" test -r "$needed" || {
        echo "the server runs as nobody, who may not read $needed" >&2
        exit 1
    }
fi
server() { "${as_server[@]}" "$@"; }

# ask COMMAND...: as a client, over the socket in this folder. The name of a socket may have 107 characters only.
ask() { "$@" -h /proc/self/cwd -U tester; }
gave_up() {
    tail -n 20 log >&2
    LD_PRELOAD='' server "$pg_ctl" -D data -m immediate -s stop || true
}

section "start"
# It runs a dozen programs one after the other, only to make a folder.
LD_PRELOAD='' server "$initdb" -D data -U tester -A trust -E UTF8 --no-locale --no-sync >initdb.log
cat >>data/postgresql.conf <<'END'
listen_addresses = ''
unix_socket_directories = '..'
shared_buffers = 8MB
max_connections = 20
fsync = off
autovacuum_naptime = 1s
log_min_messages = warning
END
trap gave_up EXIT
server "$pg_ctl" -D data -l log -s -w start

section "connections"
scaled scale 1
scaled transactions 100 10
ask "$pgbench" -i -I dtGvp -q -s "$scale" postgres 2>/dev/null
ask "$pgbench" -c 4 -j 2 -t "$transactions" -n postgres 2>/dev/null |
    sed -n '/^number of/p'
# A connection, and so a fork, for each transaction.
ask "$pgbench" -c 2 -t 10 -C -S -n postgres 2>/dev/null |
    sed -n '/^number of transactions actually/p'
ask "$psql" -AtX postgres <<'END'
select count(*), sum(a.abalance) = (select sum(bbalance) from pgbench_branches) as branches,
       sum(a.abalance) = (select sum(tbalance) from pgbench_tellers) as tellers,
       sum(a.abalance) = (select sum(delta) from pgbench_history) as history
from pgbench_accounts a;
END

section "queries"
scaled rows 20000 500
expect 0 ask "$psql" -AtX postgres <<END 2>&1
create table item (id integer primary key, name text not null, category integer, price numeric, tags jsonb);
insert into item
select i, 'item-' || (i * 7919) % 1000003, (i * 31) % 97, ((i * 37) % 10007) / 100.0,
       jsonb_build_object('number', i, 'words', array[md5(i::text), 'word' || i % 13])
from generate_series(1, $rows) as i;
create index on item (category, price);
create index on item using gin (tags);
analyze item;
select category, count(*), round(avg(price), 3), max(name) from item group by category order by 3 desc, 1 limit 4;
select name, rank from (select name, rank() over (partition by category order by price desc, id) from item) as ranked
where rank = 1 order by name limit 3;
select md5(string_agg(name, ',' order by price desc, id)) from item;
select count(*) from item where tags @> '{"words": ["word7"]}';
select md5(string_agg(word, '' order by word)) from (select regexp_split_to_table(name, '[-3]') as word from item) as words;
select no_such_column from item;
do \$\$
declare
    caught integer := 0;
begin
    for i in 1 .. $rows / 20 loop
        begin
            insert into item values (i % 7 + 1, 'twice', 0, 0, null);
        exception when unique_violation then
            caught := caught + 1;
        end;
    end loop;
    raise notice 'caught %', caught = $rows / 20;
end
\$\$;
END

section "parallel"
expect 0 ask "$psql" -AtX postgres <<END
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
set jit = off;
select category % 3, count(*), sum(price), max(upper(name)) from item group by 1 order by 1;
select count(*) from item a join item b on a.name = b.name and a.price >= b.price where length(a.name || b.name) > 3;
END

section "compiled"
ask "$psql" -AtX postgres <<END | sed -n '/Functions:/p; /^[0-9]/p'
set max_parallel_workers_per_gather = 0;
set jit_above_cost = 0;
set jit_inline_above_cost = 0;
set jit_optimize_above_cost = 0;
explain analyze
select sum(price * 3 + category) from item where id % 7 = 3 and price > 2;
select sum(price * 3 + category) from item where id % 7 = 3 and price > 2;
END

section "clients"
client() {
    ask "$psql" -AtX postgres <<END >client"$1".out
begin;
create temporary table mine as select i, repeat(i::text, $1) as text from generate_series(1, $rows / 10) as i;
select count(*), md5(string_agg(text, '-' order by text)) from mine;
update item set price = price + $1 where id between $1 * 10 and $1 * 10 + 9;
commit;
select sum(price) from item where id between $1 * 10 and $1 * 10 + 9;
END
}
clients=()
for number in 1 2 3 4; do
    client $number &
    clients+=($!)
done
for pid in "${clients[@]}"; do
    expect 0 wait "$pid"
done
cat client?.out

section "end"
server "$pg_ctl" -D data -m fast -s -w stop
trap - EXIT
# A child that died of a signal, or wanted memory in vain, is told of here.
expect 1 grep -E 'WARNING|PANIC|by signal|out of memory' log
