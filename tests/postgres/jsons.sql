-- JSON and arrays.

SELECT region ->> 'slug', region -> 'name', size ->> 'price_monthly', size -> 'memory' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT (size ->> 'memory')::int * 2, (size -> 'price_monthly')::float FROM digitalocean.droplets.droplets ORDER BY id;
SELECT networks #> '{v4,0}', networks #>> '{v4,0,ip_address}', networks #>> '{v9,0}' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT networks -> 'v4' -> 0 ->> 'type', networks -> 'v4' -> -1 ->> 'type', networks -> 'v4' -> 9 FROM digitalocean.droplets.droplets ORDER BY id;
SELECT id FROM digitalocean.droplets.droplets WHERE region @> '{"slug": "nyc3"}' ORDER BY id;
SELECT id FROM digitalocean.droplets.droplets WHERE region ? 'slug' AND NOT region ? 'nothing' ORDER BY id;
SELECT region ?| ARRAY['x', 'slug'], region ?& ARRAY['x', 'slug'] FROM digitalocean.droplets.droplets LIMIT 1;
SELECT region -> 'features' ? 'ipv6' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT id FROM digitalocean.droplets.droplets WHERE region -> 'features' @> '["metadata"]' ORDER BY id;
SELECT '{"a": [1, 2, {"b": null}], "c": "x"}'::jsonb -> 'a' -> 2 -> 'b', '{"a": null}'::jsonb ->> 'a', '{"a": 1}'::jsonb -> 'b';
SELECT '[1, 2, 3]'::jsonb -> 1, '[1, 2, 3]'::jsonb ->> -1, '{"1": "x"}'::jsonb ->> '1';
SELECT '{"a": {"b": 1}}'::jsonb @> '{"a": {}}', '[1, 2]'::jsonb @> '[2]', '{"a": 1}'::jsonb <@ '{"a": 1, "b": 2}';
SELECT '{"a": 1, "b": 2}'::jsonb || '{"b": 3}', '{"a": 1, "b": 2}'::jsonb - 'a', '[1, 2]'::jsonb || '[3]';
SELECT jsonb_typeof('1'), jsonb_typeof('"x"'), jsonb_typeof('null'), jsonb_typeof('[]'), jsonb_typeof('{}'), jsonb_typeof('true'), json_typeof('1.5');
SELECT jsonb_array_length(networks -> 'v4'), json_array_length('[1, 2, 3]') FROM digitalocean.droplets.droplets ORDER BY id;
SELECT d.id, n ->> 'ip_address' FROM digitalocean.droplets.droplets d, jsonb_array_elements(d.networks -> 'v4') AS n ORDER BY 1, 2;
SELECT d.id, f FROM digitalocean.droplets.droplets d CROSS JOIN jsonb_array_elements_text(d.region -> 'features') AS f WHERE d.vcpus = 4 ORDER BY 1, 2;
SELECT d.id, e.value ->> 'type' FROM digitalocean.droplets.droplets d, jsonb_array_elements(d.networks -> 'v4') WITH ORDINALITY AS e(value, n) WHERE e.n = 1 ORDER BY 1;
SELECT e.key, e.value FROM digitalocean.droplets.droplets d, json_each(d.next_backup_window) e WHERE d.id = 3164444 ORDER BY 1;
SELECT e.key, e.value FROM jsonb_each('{"a": 1, "b": "x", "c": null}') AS e ORDER BY 1;
SELECT * FROM json_each_text('{"a": 1, "b": "x", "c": null}') ORDER BY 1;
SELECT key, value FROM jsonb_each_text('{"a": [1], "b": {"c": 2}, "d": "x"}') WHERE key <> 'b' ORDER BY key;
SELECT k FROM jsonb_object_keys('{"b": 1, "a": 2}') AS k ORDER BY k;
SELECT jsonb_object_keys(next_backup_window) FROM digitalocean.droplets.droplets WHERE id = 3164444 ORDER BY 1;
SELECT value FROM jsonb_array_elements('[1, "a", null, {"b": 2}]');
SELECT jsonb_array_elements('[1, 2]'), json_array_elements_text('["a", "b"]');
SELECT json_build_object('a', 1, 'b', 'x', 'c', NULL, 'd', true), json_build_array(1, 'a', NULL, 1.5);
SELECT to_json('x'::text), to_jsonb(1), to_json(ARRAY[1, 2]), to_jsonb(true), to_json(NULL::text);
-- differs: a moment in JSON is written as the engine writes it
SELECT to_jsonb(tags), to_json(created_at) FROM digitalocean.droplets.droplets WHERE id = 3164444;
SELECT row_to_json(x) FROM (SELECT id, name FROM digitalocean.droplets.droplets WHERE id = 3164444) x;
SELECT jsonb_extract_path(region, 'slug'), json_extract_path_text(networks, 'v4', '0', 'type') FROM digitalocean.droplets.droplets WHERE id = 3164444;
-- differs: not built
SELECT jsonb_set('{"a": 1}', '{b}', '2'), jsonb_strip_nulls('{"a": null, "b": 1}');
-- differs: not built
SELECT jsonb_path_query_first('{"a": [1, 2]}', '$.a[1]');
SELECT ('{"a": "5"}'::jsonb ->> 'a')::int + 1, '{"a": 5}'::jsonb -> 'a' = '5', '"x"'::jsonb #>> '{}';
SELECT region ->> 'slug' || '!' AS s FROM digitalocean.droplets.droplets ORDER BY s;
SELECT id FROM digitalocean.droplets.droplets WHERE region ->> 'slug' IN ('nyc3', 'ams3') AND NOT region ->> 'slug' = 'ams3' ORDER BY 1;
SELECT region ->> 'slug' IS NULL, kernel ->> 'x' IS NULL, region ->> 'slug' LIKE 'n%' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT (region -> 'available')::boolean, region ->> 'available', region ->> 'available' = 'true' FROM digitalocean.droplets.droplets ORDER BY id;
SELECT tags[1], tags[2], tags[9], tags[0], tags[1:1], tags[2:] FROM digitalocean.droplets.droplets ORDER BY id;
SELECT array_length(tags, 1), cardinality(tags), array_to_string(tags, ','), array_position(tags, 'prod') FROM digitalocean.droplets.droplets ORDER BY id;
SELECT array_length(ARRAY[]::int[], 1), array_upper(ARRAY[1, 2], 1), array_lower(ARRAY[1, 2], 1), array_ndims(ARRAY[1]);
SELECT 'web' = ANY(tags), 'web' <> ALL(tags), tags @> ARRAY['web'], tags && ARRAY['db', 'x'], ARRAY['web'] <@ tags FROM digitalocean.droplets.droplets ORDER BY id;
SELECT ARRAY[1, 2] || 3, 0 || ARRAY[1], ARRAY[1] || ARRAY[2, 3], array_cat(ARRAY[1], ARRAY[2]), array_append(ARRAY[1], 2), array_prepend(0, ARRAY[1]);
SELECT array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1, 2, 1], 1, 9), array_positions(ARRAY[1, 2, 1], 1);
SELECT ARRAY[1, 2, 3] = ARRAY[1, 2, 3], ARRAY[1, 2] < ARRAY[1, 3], ARRAY[]::text[] = '{}';
SELECT '{1,2,3}'::int[], '{a,b}'::text[], ARRAY(SELECT vcpus FROM digitalocean.droplets.droplets WHERE memory = 8192 ORDER BY id);
SELECT unnest(tags) AS tag, count(*) FROM digitalocean.droplets.droplets GROUP BY tag ORDER BY 2 DESC, 1;
SELECT unnest(ARRAY[1, 2]), unnest(ARRAY['a', 'b', 'c']);
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(n, s);
SELECT string_to_array('a,b,,c', ','), string_to_array('a,b,,c', ',', ''), string_to_array('abc', NULL), array_to_string(ARRAY['a', NULL, 'b'], ',', '*');
SELECT ARRAY[1, NULL, 3], 2 = ANY(ARRAY[1, NULL]), 1 = ANY(ARRAY[1, NULL]), ARRAY[[1, 2], [3, 4]];
SELECT (ARRAY[10, 20, 30])[2], (string_to_array('a-b-c', '-'))[3];
SELECT id FROM digitalocean.droplets.droplets WHERE tags = '{}' OR tags = ARRAY['web'] ORDER BY id;
SELECT id FROM digitalocean.droplets.droplets WHERE EXISTS (SELECT 1 FROM unnest(tags) t WHERE t LIKE 'env:%');
