SELECT i.id FROM items i SEMI JOIN parts q ON q.item_id = i.id AND q.y = i.x
SELECT * FROM items i ANTI JOIN parts q ON q.item_id = i.id
SELECT id FROM items i ANTI JOIN parts q ON q.item_id = i.grp AND q.y = 5
SELECT i.id, q.id FROM items i ASOF JOIN parts q ON q.item_id = i.id AND i.x >= q.y
SELECT i.id, q.id FROM items i ASOF LEFT JOIN parts q ON q.item_id = i.id AND i.x >= q.y WHERE q.y = 5 OR q.y IS NULL
SELECT a.id, a.n FROM (SELECT id, grp, x AS n FROM items i) a NATURAL JOIN (SELECT id, x AS m FROM items i) b
SELECT a.id, m FROM (SELECT id, grp FROM items i) a NATURAL FULL JOIN (SELECT item_id AS id, y AS m FROM parts q WHERE q.item_id IN (1, 6)) b
SELECT count(*) FROM items TABLESAMPLE (100 PERCENT)
SELECT * REPLACE (x + 1 AS x) RENAME (grp AS g) FROM items i
SELECT * EXCLUDE (x) FROM items i ORDER BY ALL
SELECT max(COLUMNS('id|x')) FROM items i
SELECT * LIKE 'i%' FROM items i
SELECT grp, x, count(*) FROM items i GROUP BY GROUPING SETS ((grp), (x), ())
SELECT grp, x, count(*) FROM items i GROUP BY CUBE (grp, x)
SELECT q.item_id, q.id, s.id FROM parts q JOIN subs s ON s.part_id = q.id WHERE q.item_id IN (SELECT id FROM items i) QUALIFY row_number() OVER (PARTITION BY q.item_id ORDER BY q.id, s.id) = 1
SELECT i.id FROM items i WHERE i.id = ANY (SELECT p.item_id FROM parts p WHERE p.item_id = i.id)
SELECT i.id FROM items i WHERE i.x >= ALL (SELECT p.y FROM parts p WHERE p.item_id = i.id AND p.y IS NOT NULL)
SELECT q.id FROM (VALUES (1), (6), (NULL)) AS v(k) JOIN parts q ON q.item_id = v.k
SELECT q.id FROM parts q JOIN items i ON q.item_id = i.id % 2 + 1
SELECT q.id, u.id FROM items i JOIN parts q ON q.item_id = i.id LEFT JOIN subs u ON u.part_id = q.id AND u.z = i.x
WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 6) SELECT q.id FROM n JOIN parts q ON q.item_id = n.k
WITH RECURSIVE t(id, d) AS (SELECT id, 1 FROM items i WHERE grp = 1 UNION ALL SELECT i.id, t.d + 1 FROM t JOIN items i ON i.grp = t.id WHERE t.d < 4) SELECT * FROM t
SELECT i.id, q.id FROM items i RIGHT JOIN parts q ON q.item_id = i.id WHERE i.x = 5
SELECT i.id, q.id FROM items i FULL JOIN parts q ON q.item_id = i.id WHERE i.x >= 2 AND (q.y IS NULL OR q.y = 5)
SELECT i.id, q.id FROM items i FULL JOIN parts q ON q.item_id = i.id WHERE NOT (i.x IS NULL) AND q.y IN (1, 5)
SELECT i.id, q.id, u.id FROM items i FULL JOIN parts q ON q.item_id = i.id JOIN subs u ON u.part_id = q.id AND i.id < 5
SELECT q.id FROM parts q WHERE q.item_id IS NULL
SELECT q.id FROM parts q WHERE q.item_id IS NULL OR q.item_id = 6
SELECT i.id, q.id FROM items i LEFT JOIN parts q ON q.item_id IS NULL
SELECT i.id FROM items i LEFT JOIN parts q ON q.item_id = i.id WHERE q.item_id IS NULL
SELECT q.id FROM parts q WHERE q.y > 5 AND q.y < 6
SELECT q.id FROM parts q WHERE q.y = q.y + 1
SELECT q.id FROM items i CROSS JOIN parts q WHERE i.x = 5 AND i.x IS NULL
SELECT count(*), max(q.y) FROM items i CROSS JOIN parts q WHERE i.id = 0 AND i.id = 1
SELECT q.id FROM (SELECT id FROM items i LIMIT 0) d CROSS JOIN parts q
SELECT i.id, (SELECT count(*) FROM parts p) FROM items i WHERE false
SELECT i.id FROM items i WHERE i.id = 1 AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.y < 3 AND p.y > 4)
SELECT i.id FROM items i WHERE (SELECT count(*) FROM parts p WHERE p.id IS NULL) = 0
WITH unread AS (SELECT id FROM parts p) SELECT id FROM items i
SELECT q.id FROM parts q WHERE q.y IS NOT NULL AND q.item_id = 1
WITH b AS (SELECT item_id, y FROM parts q) SELECT x.item_id, x.y, z.item_id FROM b x JOIN b z ON x.y = z.y WHERE x.item_id = 1 AND z.item_id = 3
WITH b AS (SELECT item_id, id FROM parts q) SELECT x.id FROM b x WHERE x.item_id = 1 UNION ALL SELECT z.id FROM b z WHERE z.item_id = 6
SELECT p.id FROM (SELECT item_id, id, y FROM parts UNION ALL SELECT item_id, id, y FROM parts) p WHERE p.item_id = p.item_id + 1
SELECT i.id FROM items i LEFT JOIN (SELECT item_id, id, y FROM parts UNION ALL SELECT item_id, id, y FROM parts) q ON q.id IS NULL
SELECT i.id, q.y FROM items i LEFT JOIN (SELECT item_id, id, y FROM parts UNION ALL SELECT item_id, id, y FROM parts) q ON q.item_id = i.id WHERE q.id IS NULL
SELECT p.id FROM (SELECT item_id, id FROM parts EXCEPT SELECT part_id, id FROM subs) p WHERE p.id <> p.id
SELECT count(i), count(q) FROM items i JOIN parts q ON q.item_id = i.id
SELECT count(d), max(d.n) FROM (SELECT item_id, count(*) AS n FROM parts GROUP BY 1) d JOIN items i ON d.item_id = i.id
SELECT i.id, u.id FROM items i SEMI JOIN parts q ON q.item_id = i.id AND i.id IS NULL RIGHT JOIN subs u ON u.part_id = i.id WHERE u.part_id = 12
SELECT i.id, u.id FROM items i ANTI JOIN parts q ON q.item_id = i.id FULL JOIN subs u ON u.part_id = i.id WHERE u.part_id IN (10, 12)
