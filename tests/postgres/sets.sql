-- Rows out of values, columns under other names.

SELECT d.a, d.b FROM digitalocean.droplets.droplets AS d(a, b) ORDER BY a LIMIT 3;
SELECT d.a, d.vcpus FROM digitalocean.droplets.droplets AS d(a) WHERE d.a = 3164444;
SELECT x.s, x.vcpus FROM digitalocean.sizes.sizes x(s) WHERE x.s LIKE 's-1%' ORDER BY 1;
SELECT a.x, b.name FROM digitalocean.droplets.droplets a(x) JOIN digitalocean.droplets.droplets b ON b.id = a.x ORDER BY 1 LIMIT 2;
SELECT t.x, t.y FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(x, y);
SELECT t.x, t.y, t.n FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) WITH ORDINALITY AS t(x, y, n) ORDER BY n;
SELECT g.x, g.n FROM generate_series(5, 7) WITH ORDINALITY AS g(x, n) ORDER BY n;
SELECT g.d::date, g.n FROM generate_series(timestamp '2024-01-01', timestamp '2024-01-03', interval '1 day') WITH ORDINALITY AS g(d, n) ORDER BY n;
SELECT g.g, g.ordinality FROM generate_series(1, 2) WITH ORDINALITY g ORDER BY 2;
SELECT t.a, t.b FROM jsonb_to_recordset('[{"a": 1, "b": "x"}, {"a": 2}]'::jsonb) AS t(a int, b text);
SELECT t.a, t.b ->> 'c' FROM jsonb_to_record('{"a": 1.5, "b": {"c": "d"}}'::jsonb) AS t(a numeric, b jsonb);
SELECT d.id, n.ip_address, n.type FROM digitalocean.droplets.droplets d CROSS JOIN LATERAL jsonb_to_recordset(d.networks -> 'v4') AS n(ip_address text, type text) WHERE d.id = 3164444 ORDER BY 2;
SELECT jsonb_set('{"a": 1, "b": {"c": 2}}'::jsonb, '{b,c}', '5'), jsonb_set('{"a": 1}'::jsonb, '{z}', '"x"'), jsonb_set('{"a": 1}'::jsonb, '{z}', '5', false);
SELECT jsonb_set('{"a": [1, 2]}'::jsonb, '{a,0}', '9'), jsonb_set('{"a": [1, 2]}'::jsonb, '{a,-1}', '9'), jsonb_set('{"a": [1, 2]}'::jsonb, '{a,7}', '9'), jsonb_set('[1, 2]'::jsonb, '{-7}', '9');
SELECT jsonb_set('{"a": 1}'::jsonb, '{x,y}', '5'), jsonb_set('{"a": 1}'::jsonb, ARRAY['a'], 'null'), jsonb_set('{"a": 1}'::jsonb, '{a,b}', '5'), jsonb_set('{"a": 1}'::jsonb, '{a}', NULL);
SELECT jsonb_strip_nulls('{"a": null, "b": {"c": null, "d": [null]}}'::jsonb), '{"a": {"b": 1, "c": 2}}'::jsonb #- '{a,b}', '[1, 2, 3]'::jsonb #- '{-1}';
SELECT d.id, jsonb_set(d.region, '{slug}', to_jsonb(d.name)) ->> 'slug' FROM digitalocean.droplets.droplets d WHERE d.id < 3164480 ORDER BY 1;
SELECT regexp_matches('foobar', '(o+)(b)');
SELECT regexp_matches('a1b2', '[a-z](\d)', 'g');
SELECT count(*) FROM (SELECT regexp_matches('abc', 'x')) t;
SELECT d.name, regexp_matches(d.name, '^(\w+)-(\d+)') FROM digitalocean.droplets.droplets d WHERE d.id < 3164480 ORDER BY d.id;
SELECT v.k, u.e FROM (VALUES (1, ARRAY[10, 20]), (2, ARRAY[30])) AS v(k, l), unnest(v.l, ARRAY['p', 'q']) AS u(e, f) ORDER BY 1, 2 NULLS LAST, u.f;
