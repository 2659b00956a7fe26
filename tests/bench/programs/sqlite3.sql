-- Tables in memory: rows put in, joined, grouped, changed and deleted. :scale is set by who runs it.
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, town INTEGER, born INTEGER);
CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO towns SELECT i, 'town ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000 * :scale)
INSERT INTO people SELECT i, 'name ' || (i * 7919 % 10007) || ' of ' || i, i * 37 % 500 + 1, 1900 + i % 120 FROM n;
CREATE INDEX people_by_name ON people (name);
SELECT count(*), min(name), max(name) FROM people;
SELECT towns.name, count(*), group_concat(people.name, ',') IS NOT NULL FROM people JOIN towns ON towns.id = people.town
GROUP BY towns.name ORDER BY 2 DESC, 1 LIMIT 3;
UPDATE people SET name = upper(name) || substr(name, 1, id % 40) WHERE id % 3 = 0;
SELECT sum(length(name)) FROM people;
DELETE FROM people WHERE town % 2 = 0;
SELECT count(*), count(DISTINCT substr(name, 1, 9)) FROM people;
