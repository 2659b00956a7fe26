#!/usr/bin/env bash
# sqlite3: a page cache, sorters and statements; realloc in every size.
# serves: sqlite3
# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"
find_real sqlite sqlite3
scaled rows 100000

section "fill"
"$sqlite" -batch data.db <<END
pragma journal_mode = wal;
pragma synchronous = off;
pragma cache_size = -8000;
create table item (id integer primary key, name text not null, category integer, price real, note text);
with recursive n (i) as (select 1 union all select i + 1 from n where i < $rows)
insert into item
select i, printf('item-%07d', (i * 7919) % 1000003), (i * 31) % 97, ((i * 37) % 10007) / 100.0,
       case when i % 5 = 0 then null else substr('some longer text that is cut somewhere', 1, i % 38) end
from n;
create index by_category on item (category, price);
create unique index by_name on item (name, id);
create table category as select distinct category as id, 'category ' || category as name from item order by 1;
select count(*), count(note), round(sum(price), 2), min(name), max(name) from item;
END

section "ask"
expect 1 "$sqlite" -batch data.db <<'END'
pragma threads = 2;
select category, count(*), round(avg(price), 3), max(name) from item group by category order by 3 desc, 1 limit 5;
select note, count(*) as n from item group by note having n > 1 order by n desc, note limit 4;
select c.name, round(sum(i.price), 1) as total
from item i join category c on c.id = i.category where i.price between 20 and 60 group by c.id order by total desc limit 4;
select name, rank from (select name, rank() over (partition by category order by price desc, id) as rank from item where category < 20)
where rank = 1 order by name limit 3;
select length(group_concat(name, '')) from item;
select count(*) from item where note like '%longer text%';
with recursive f (a, b, n) as (select 0, 1, 0 union all select b, a + b, n + 1 from f where n < 80) select max(a) from f;
select json_extract(json_group_array(json_object('id', id, 'name', name)), '$[1].name') from (select * from item order by name limit 2000);
explain query plan select * from item where name = 'item-0000001';
select no_such_column from item;
END

section "change"
"$sqlite" -batch data.db <<'END'
pragma synchronous = off;
begin;
update item set price = price * 2, note = coalesce(note, 'none') || ' changed' where category % 3 = 0;
delete from item where category % 7 = 0;
savepoint s;
delete from item;
rollback to s;
commit;
vacuum;
pragma integrity_check;
pragma foreign_key_check;
select count(*), round(sum(price), 2) from item;
END
"$sqlite" -batch data.db .dump | sha256sum
"$sqlite" -batch data.db 'create table part as select * from item where category % 5 = 1' '.dump part' |
    "$sqlite" -batch -cmd 'pragma synchronous = off' copy.db
"$sqlite" -batch copy.db 'pragma integrity_check; select count(*), round(sum(price), 2) from part' .schema
"$sqlite" -batch -csv -header data.db 'select * from item order by name limit 3'
