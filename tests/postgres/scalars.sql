-- Numbers, text, dates, patterns, casts, conditions.

SELECT 5 / 2, -5 / 2, 5 % 3, -5 % 3, 5 / 2.0, 5.0 / 2, 7 / 2 * 2, 1 / 3::numeric;
SELECT 5::bigint / 2::int, 9007199254740993 / 1, 9223372036854775807 % 10, div(7, 2), mod(-7, 3);
SELECT memory / 1000, memory / 1000.0, memory % 1000, memory::float / 1000 FROM digitalocean.droplets.droplets ORDER BY id;
SELECT round(2.5), round(-2.5), round(3.5), round(2.345, 2), round(1234.5, -2), trunc(2.9), trunc(-2.9), trunc(2.345, 2);
SELECT round(2.5::float8), round(0.5::float8), round(1.5::float8), 2.5::int, 3.5::int, -2.5::int, 2.5::float8::int;
SELECT ceil(1.2), ceiling(-1.2), floor(-1.2), abs(-3), sign(-2.5), sqrt(16), cbrt(27), power(2, 10), 2 ^ 3, 2 ^ 0.5;
SELECT exp(1), ln(10), log(100), log(2, 8), pi(), degrees(pi()), radians(180), sin(0), cos(0), atan2(1, 1);
SELECT greatest(1, NULL, 3), least(NULL, 2, 1), greatest(NULL, NULL), coalesce(NULL, NULL, 3), nullif(1, 1), nullif(1, 2);
SELECT 1e3, 1.5, .5, 10 ^ -2, 1::numeric(5, 2), 1.005::numeric(5, 2), 123456789012345678901234567890;
SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 3, 8 >> 1, gcd(12, 18), lcm(4, 6), factorial(5);
SELECT width_bucket(5.35, 0.024, 10.06, 5), scale(8.41), to_hex(255), num_nulls(1, NULL, 2), num_nonnulls(1, NULL, 2);
SELECT 'a' || 'b', 'a' || 1, 1 || 'a', 'a' || NULL, name || '-' || id FROM digitalocean.droplets.droplets ORDER BY id LIMIT 3;
-- differs: a boolean in a text is true or false
SELECT concat('a', NULL, 1, true), concat_ws('-', 'a', NULL, 'b', 2), concat_ws(NULL, 'a');
-- differs: the capital of a sharp s is not the locale's
SELECT lower('ÄB'), upper('straße'), initcap('hello wORLD foo-bar'), length('日本'), char_length('ab'), octet_length('日本'), bit_length('ab');
SELECT substring('hello' FROM 2 FOR 3), substring('hello', 2), substr('hello', -1, 4), substring('hello' FROM 0 FOR 3), substring('foobar' FROM 'o.b'), substring('foobar', 'o(.)b');
SELECT left('hello', 2), left('hello', -2), right('hello', 2), right('hello', -2), lpad('5', 3, '0'), lpad('hello', 3), rpad('a', 3), rpad('hi', 5, 'xy');
SELECT trim('  a '), trim(both 'x' FROM 'xxaxx'), ltrim('xya', 'xy'), rtrim('axy', 'xy'), btrim('  b '), trim(leading '0' FROM '007'), trim('xax', 'x');
SELECT position('l' IN 'hello'), strpos('hello', 'z'), replace('aaa', 'a', 'b'), translate('12345', '143', 'ax'), reverse('abc'), repeat('ab', 3), overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4);
SELECT split_part('a-b-c', '-', 2), split_part('a-b-c', '-', -1), split_part('a-b-c', '-', 9), split_part('abc', '-', 1), split_part('a,b', '', 1);
SELECT ascii('A'), chr(66), md5('a'), starts_with('hello', 'he'), quote_literal('it''s'), quote_ident('a b'), format('%s-%s %I %L %%', 'a', 1, 'x y', 'q');
SELECT encode('abc'::bytea, 'hex'), encode('abc'::bytea, 'base64'), decode('YWJj', 'base64'), sha256('a'::bytea);
SELECT 'WEB' LIKE 'web', 'web' LIKE 'w%', 'web' LIKE 'w_b', 'WEB' ILIKE 'web', 'a%b' LIKE 'a\%b', 'a_b' LIKE 'a!_b' ESCAPE '!', 'x' NOT LIKE 'y', NULL LIKE 'a';
SELECT name LIKE '%\_%', name LIKE '%\%%', name ILIKE 'WEB%' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT 'web' SIMILAR TO 'w%', 'web' SIMILAR TO '(web|db)', 'web' SIMILAR TO 'w', 'web-1' SIMILAR TO 'web-[0-9]+', 'a.b' SIMILAR TO 'a_b', 'web' NOT SIMILAR TO 'd%';
SELECT 'abc' ~ 'b', 'abc' ~ '^b', 'ABC' ~* 'b', 'abc' !~ 'b', 'abc' !~* 'B', 'a1' ~ '\d', 'foo bar' ~ '\mbar', 'ab' ~ '^(a|b)+$';
SELECT name ~ '^web-\d+$', name ~* '^WEB', name ~ '東' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT regexp_replace('a1b2', '[0-9]', 'X'), regexp_replace('a1b2', '[0-9]', 'X', 'g'), regexp_replace('Abc', 'a', 'x', 'i'), regexp_replace('abc', '(b)(c)', '\2\1');
SELECT regexp_match('foobarbequebaz', '(bar)(beque)'), regexp_match('abc', 'b'), regexp_match('abc', 'x'), (regexp_match('a1', '([a-z])(\d)'))[2];
SELECT regexp_split_to_array('a1b22c', '\d+'), regexp_count('banana', 'a'), regexp_like('Hello', 'hello', 'i'), regexp_substr('abc123', '[0-9]+'), regexp_instr('abc123', '[0-9]');
SELECT m[1] FROM regexp_matches('a1b2c3', '[a-z](\d)', 'g') AS m;
SELECT w FROM regexp_split_to_table('one two three', ' ') AS w ORDER BY w;
SELECT * FROM string_to_table('a,b,c', ',') AS s ORDER BY 1;
SELECT extract(year FROM created_at), extract(month FROM created_at), extract(dow FROM created_at), extract(doy FROM created_at), extract(hour FROM created_at), extract(isodow FROM created_at), extract(week FROM created_at) FROM digitalocean.droplets.droplets ORDER BY id;
SELECT extract(epoch FROM timestamp '2024-01-01 00:00:01.5'), extract(second FROM timestamp '2024-01-01 00:00:01.5'), extract(milliseconds FROM time '00:00:01.5'), extract(century FROM date '2024-01-01'), extract(day FROM interval '40 days 3 hours');
SELECT date_part('year', created_at), date_part('epoch', interval '1 day'), date_part('dow', date '2024-01-07') FROM digitalocean.droplets.droplets ORDER BY id LIMIT 2;
-- differs: date_trunc of a date is no moment of the session's zone, but the timestamp itself
SELECT date_trunc('month', created_at), date_trunc('week', created_at), date_trunc('hour', created_at), date_trunc('quarter', created_at), date_trunc('year', date '2024-05-05') FROM digitalocean.droplets.droplets ORDER BY id;
SELECT date '2024-01-31' + 1, date '2024-03-01' - date '2024-02-01', date '2024-01-31' + interval '1 month', timestamp '2024-01-31 10:00' - interval '90 minutes', date '2024-01-01' - 1;
SELECT timestamp '2024-03-01 12:00' - timestamp '2024-02-28 06:30', created_at - timestamptz '2024-01-01 00:00:00+00' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT age(timestamp '2024-03-15', timestamp '2023-01-10'), age(date '2024-01-01', date '2023-12-31');
SELECT interval '1 day' * 2, interval '1 hour' / 2, interval '1 day' + interval '2 hours', -interval '1 day', interval '90 minutes', interval '1 month' > interval '29 days';
SELECT created_at AT TIME ZONE 'America/New_York', timestamp '2024-07-01 12:00' AT TIME ZONE 'Europe/Berlin', created_at::date, created_at::time, created_at::timestamp FROM digitalocean.droplets.droplets ORDER BY id LIMIT 3;
SELECT to_char(created_at, 'YYYY-MM-DD HH24:MI:SS'), to_char(created_at, 'Mon DD, YYYY'), to_char(created_at, 'FMDay'), to_char(created_at, 'HH12:MI AM'), to_char(created_at, 'DDD IW Q') FROM digitalocean.droplets.droplets ORDER BY id;
SELECT to_char(created_at, 'YY/MM/DD'), to_char(created_at, 'FMMonth FMDD'), to_char(created_at, 'Dy, DD Mon YYYY'), to_char(created_at, 'YYYY"T"MM') FROM digitalocean.droplets.droplets ORDER BY id;
SELECT to_char(1234.5, '9,999.99'), to_char(12, '0000'), to_char(1234.567, 'FM9999.99'), to_char(-5, '999'), to_char(0.5, 'FM0.00'), to_char(1234567, 'FM9,999,999');
SELECT to_date('2024-05-06', 'YYYY-MM-DD'), to_date('06/05/2024', 'DD/MM/YYYY'), to_timestamp(1704067200), to_timestamp('2024-01-02 03:04', 'YYYY-MM-DD HH24:MI'), to_number('1,234.5', '9,999.9');
SELECT make_date(2024, 2, 29), make_timestamp(2024, 1, 2, 3, 4, 5.5), make_interval(days => 3), make_time(1, 2, 3);
SELECT created_at > '2024-02-01', created_at BETWEEN '2024-01-01' AND '2024-01-31', created_at >= date '2024-02-01' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT date '2024-01-01' = timestamp '2024-01-01 00:00:00', '2024-01-01'::date < '2024-01-02', (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01'), isfinite(date '2024-01-01'), date_bin('15 minutes', timestamp '2024-01-01 10:22', timestamp '2024-01-01');
SELECT justify_days(interval '35 days'), justify_hours(interval '27 hours'), extract(epoch FROM interval '1 day 2 hours'), timestamp 'epoch' + 1700000000 * interval '1 second';
SELECT now() > timestamp '2024-01-01', current_date > date '2024-01-01', clock_timestamp() >= now(), pg_typeof(1)::text;
SELECT '12'::int + 1, 12::text, '1.5'::float, 't'::boolean, 'no'::boolean, 1::boolean, true::int, '2024-01-01'::timestamp, CAST('{"a":1}' AS jsonb) ->> 'a';
SELECT 1.9::int, '3'::bigint * 2, true::text, false::text, NULL::int, ' 5 '::int, 65::text || 'x', 1.50::text, 0.1::float8::text;
SELECT 1::float8::text, 100000::float8::text, (1.0 / 3)::float8::text, 2.50::numeric(10, 2)::text;
SELECT created_at::text FROM digitalocean.droplets.droplets ORDER BY id LIMIT 2;
SELECT timestamp '2024-01-01 10:00'::text, date '2024-01-01'::text, interval '1 day 2 hours'::text, interval '3 hours'::text, time '10:00'::text;
-- differs: a list as text is written in brackets, as everywhere in the output
SELECT tags::text, ARRAY[1, 2]::text, ARRAY['a b', 'c']::text FROM digitalocean.droplets.droplets ORDER BY id LIMIT 2;
SELECT CASE WHEN memory > 4096 THEN 'big' WHEN memory > 1024 THEN 'mid' END, CASE vcpus WHEN 1 THEN 'one' ELSE 'many' END FROM digitalocean.droplets.droplets ORDER BY id;
SELECT NULL = NULL, NULL IS NULL, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, NOT NULL, NULL AND false, NULL OR true, true AND NULL;
SELECT true IS TRUE, NULL IS TRUE, false IS NOT TRUE, NULL IS UNKNOWN, (1 = 1) = true, 5 BETWEEN 1 AND 10, 5 NOT BETWEEN SYMMETRIC 10 AND 1;
SELECT name FROM (VALUES ('b'), (NULL), ('a'), ('B'), ('ä')) AS v(name) ORDER BY name;
SELECT name FROM (VALUES ('b'), (NULL), ('a')) AS v(name) ORDER BY name DESC;
SELECT name FROM (VALUES ('b'), (NULL), ('a')) AS v(name) ORDER BY name DESC NULLS LAST;
SELECT x FROM (VALUES (1.5), ('NaN'::float8), (NULL), ('Infinity'::float8), ('-Infinity'::float8)) AS v(x) ORDER BY x;
SELECT 'NaN'::float8 = 'NaN'::float8, 'NaN'::float8 > 1, 'a' < 'B', 'a' < 'b', 'Z' < 'a', '' = ' ', 'a' = 'a ';
-- differs: an interval's months are named whole
SELECT interval '1 year 2 months'::text;
-- differs: a large DOUBLE is written out
SELECT 1e15::float8::text;
SELECT 1 AS "Mixed Case", 2 AS Folded, 3 AS "select", count(*), max(1), 4, 'x', 1 + 1, now() IS NULL, true, NULL;
SELECT upper('a'), coalesce(1, 2), nullif(1, 2), greatest(1, 2), CASE WHEN true THEN 1 END, 1::text, CAST('1' AS int), ARRAY[1], (SELECT 5), (SELECT 5 AS five), exists(SELECT 1), -1, NOT true;
-- differs: date_trunc of a date is a timestamp without a zone
SELECT extract(year FROM date '2024-01-01'), date_part('year', date '2024-01-01'), substring('abc' FROM 1), trim('a'), position('a' IN 'b'), date_trunc('day', date '2024-01-01'), row_number() OVER (), count(*) FILTER (WHERE true), '{}'::jsonb -> 'a', 1 IN (1), 'a' LIKE 'b';
SELECT length(name), char_length(name), d.name, D.ID, "d"."memory" FROM digitalocean.droplets.droplets AS d WHERE ID = 3164520;
SELECT name AS "N", NAME AS n FROM digitalocean.droplets.droplets WHERE "name" = 'Web-01';
SELECT DATE '2024-02-29' + INTERVAL '1 year', INTERVAL '1' DAY, INTERVAL '2 days' + DATE '2024-01-01', '1 day'::interval;
SELECT 0.1 + 0.2 = 0.3, 0.1::float8 + 0.2::float8 = 0.3::float8, 1.10 = 1.1, 3 * 0.5, 10 / 4.0;
SELECT price_monthly, price_monthly > 9, price_monthly::numeric(10, 2), round(price_hourly::numeric, 4), price_monthly * 12 FROM digitalocean.sizes.sizes ORDER BY slug;
SELECT x FROM (VALUES (true), (false), (NULL)) AS v(x) WHERE x IS NOT TRUE;
SELECT DISTINCT x FROM (VALUES (1), (NULL), (1), (NULL)) AS v(x) ORDER BY x;
SELECT x, count(*) FROM (VALUES ('a'), (NULL), ('a'), (NULL)) AS v(x) GROUP BY x ORDER BY x;
SELECT char_length('abc'), bool 'true', int '5', numeric '1.5', text 'x', '\x41'::bytea;
SELECT E'a\nb', E'\u00e4', $$it's$$, 'it''s';
SELECT random() BETWEEN 0 AND 1, length(gen_random_uuid()::text), version() IS NOT NULL, current_user IS NOT NULL;
