-- Statements that must be refused. Above each stand the class and the message, and between >< the text that
-- the error points at; … stands for the rest of a long message.

-- SqlSyntaxError: DROP is for relations of your own, whose names have no dots >digitalocean.droplets.droplets<
drop table digitalocean.droplets.droplets;

-- NotSupportedError: SET LOCAL needs a transaction, and there is none >LOCAL<
SET LOCAL max_keys = 5;

-- SqlSyntaxError: unexpected 5; expected max_keys = value >5<
SET max_keys 5;

-- SqlSyntaxError: the statement ends too early; expected a value >=<
SET max_keys =;

-- SqlSyntaxError: unexpected +; expected the end of the statement >+<
SET max_keys = 5 + 5;

-- SqlSyntaxError: the statement ends too early; expected a name >RESET<
RESET;

-- SqlSyntaxError: unexpected now; expected the end of the statement >now<
USE prod now;

-- SqlSyntaxError: unexpected now; expected the end of the statement >now<
COMMIT now;

-- SqlSyntaxError: unexpected TABLE; expected TRANSACTION >TABLE<
START TABLE;

-- SqlSyntaxError: ALL ROWS stands in the place of a WHERE, not beside one >ALL ROWS<
DELETE FROM digitalocean.droplets.droplets WHERE id = 1 ALL ROWS;

-- SqlSyntaxError: unexpected BEGIN; expected a statement that makes requests >BEGIN<
EXPLAIN BEGIN;

-- NotSupportedError: MERGE is not built yet >MERGE<
MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE;

-- NotSupportedError: PURGE is not built yet >PURGE<
PURGE cache;

-- NotSupportedError: GRANT is not built yet >GRANT<
GRANT ALL ON t TO u;

-- NotSupportedError: INSTALL is not built yet >INSTALL<
INSTALL httpfs;

-- NotSupportedError: ATTACH is not built yet >ATTACH<
ATTACH 'file.db';

-- NotSupportedError: EXECUTE is not built yet >EXECUTE<
EXPLAIN EXECUTE prepared;

-- SqlSyntaxError: SELEC begins no statement >SELEC<
SELEC 1;

-- SqlSyntaxError: unexpected 1; expected a statement >1<
1 + 1;

-- SqlSyntaxError: unexpected 'text'; expected a statement >'text'<
'text';

-- SqlSyntaxError: {{ x }} is a value, and no value can stand here >{{ x }}<
{{ x }};

-- SqlSyntaxError: SELECT needs something to select ><
SELECT;

-- SqlSyntaxError: unexpected b >b<
SELECT 1 a b;

-- SqlSyntaxError: the statement ends too early: Expecting ) >1<
SELECT (1;

-- SqlSyntaxError: unexpected ) >)<
SELECT 1);

-- SqlSyntaxError: the statement ends too early: Required keyword: 'expression' missing for Add >+<
SELECT 1 +;

-- SqlSyntaxError: syntax error at WHERE: Expected table name >WHERE<
SELECT a FROM WHERE b;

-- SqlSyntaxError: unexpected | >|<
FROM digitalocean.droplets.droplets |> WHERE id = 1;

-- SqlSyntaxError: the ' that opens here is not closed >'<
SELECT 'abc;

-- SqlSyntaxError: the " that opens here is not closed >"<
SELECT "abc;

-- SqlSyntaxError: the ` that opens here is not closed >`<
SELECT `abc;

-- SqlSyntaxError: the $t$ that opens here is not closed >$t$<
SELECT $t$ abc $u$;

-- SqlSyntaxError: the E' that opens here is not closed >E'<
SELECT E'abc\';

-- SqlSyntaxError: the /* that opens here is not closed >/*<
SELECT 1 /* abc /* d */;

-- SqlSyntaxError: the /* that opens here is not closed >/*<
SELECT 1 /*

-- SqlSyntaxError: a bit or hex string with a character that is no digit of its own >x'zz'<
SELECT x'zz';

-- NotSupportedError: U&'...' is not built yet >U&'\0041'<
SELECT U&'\0041';

-- NotSupportedError: INSERT inside of a query is not built yet …
WITH made AS (INSERT INTO digitalocean.droplets.droplets (name) VALUES ('a') RETURNING *) SELECT * FROM made;

-- NotSupportedError: DELETE inside of a query is not built yet …
WITH gone AS (DELETE FROM digitalocean.droplets.droplets RETURNING *) SELECT * FROM gone;

-- NotSupportedError: WITH before INSERT is not built yet >WITH<
WITH n AS (SELECT 1 AS a) INSERT INTO digitalocean.droplets.droplets (name) SELECT a FROM n;

-- NotSupportedError: WITH before UPDATE is not built yet >WITH<
WITH n AS (SELECT 1 AS a) UPDATE digitalocean.droplets.droplets SET name = 'a';

-- NotSupportedError: SELECT INTO is not built yet >t<
SELECT 1 INTO t;

-- NotSupportedError: locking rows (FOR UPDATE, FOR SHARE) is not built …
SELECT id FROM digitalocean.droplets.droplets FOR UPDATE;

-- SqlSyntaxError: @ and $ name no parameter of a query >$1<
SELECT id FROM digitalocean.droplets.droplets WHERE id = $1;

-- SqlSyntaxError: @ and $ name no parameter of a query >@id<
SELECT id FROM digitalocean.droplets.droplets WHERE id = @id;

-- SqlSyntaxError: a parameter is a value, and a name must stand here >?<
SELECT id FROM ?;

-- SqlSyntaxError: a parameter is a value, and a name must stand here >:t<
SELECT id FROM :t;

-- SqlSyntaxError: syntax error at %: a placeholder is ?, %s, :name or %(name)s >%<
SELECT %(id) FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: {{ t }} is a value, and no value can stand here >{{ t }}<
SELECT id FROM {{ t }};

-- SqlSyntaxError: {{ t }} is a value, and no value can stand here >{{ t }}<
SELECT id FROM digitalocean.droplets.{{ t }};

-- SqlSyntaxError: {{ t }} is a value, and no value can stand here >{{ t }}<
SELECT id AS {{ t }} FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: {{ t }} is a value, and no value can stand here >{{ t }}<
SELECT id {{ t }} FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: {{ t }} is a value, and no value can stand here >{{ t }}<
DESCRIBE digitalocean.droplets.{{ t }};

-- SqlSyntaxError: {{ t }} is a value; it cannot be part of a name >"my {{ t }}"<
SELECT id AS "my {{ t }}" FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: {{ here must be followed by one name and }} >{{<
SELECT {{ two words }};

-- SqlSyntaxError: a brace opens nothing but a variable or a struct >{<
SELECT {1};

-- SqlSyntaxError: {{ here must be followed by one name and }} >{{<
SELECT {{ t };

-- MissingParameterError: the variable droplet_id has no value >{{ droplet_id }}<
SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = {{ droplet_id }};

-- MissingParameterError: the variable droplet_id has no value >'{{ droplet_id }}'<
SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = '{{ droplet_id }}';

-- SqlSyntaxError: syntax error at 'one': a value, where a name must stand >'one'<
SELECT 1 AS 'one';

-- SqlSyntaxError: INTERVAL needs its length in quotes >d.id<
SELECT INTERVAL d.id FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: syntax error at 'b': two strings side by side >'b'<
SELECT 'a' 'b';

-- SqlSyntaxError: syntax error at .: a fraction is a point and digits >.<
SELECT . 5;

-- SqlSyntaxError: a number has no fields >1 . a<
SELECT 1 . a;

-- SqlSyntaxError: JOIN needs a FROM before it …
SELECT id JOIN digitalocean.droplets.droplets;

-- SqlSyntaxError: an alias needs a name >tag<
SELECT tag FROM unnest(ARRAY[1]) AS (tag);

-- SqlSyntaxError: a type takes numbers >10<
SELECT CAST(1 AS numeric(10 x, 2));

-- SqlSyntaxError: VALUES takes no alias in INSERT INTO >v<
INSERT INTO digitalocean.domains.domains VALUES ('a') v;

-- SqlSyntaxError: syntax error at ,: something must follow the comma >,<
SELECT id, FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: syntax error at ,: something must follow the comma >,<
SELECT id FROM digitalocean.droplets.droplets WHERE id IN (1, 2, );

-- SqlSyntaxError: syntax error at ,: something must stand before the comma >,<
SELECT , id FROM digitalocean.droplets.droplets;

-- SqlSyntaxError: syntax error at .: a name must stand beside the dot >.<
SELECT id FROM digitalocean..droplets;

-- SqlSyntaxError: LATERAL follows a comma or JOIN …
SELECT id FROM digitalocean.droplets.droplets LATERAL unnest(tags);

-- SqlSyntaxError: syntax error at 1: no statement of its own may stand here …
WITH x AS (CREATE something new) SELECT 1;

-- SqlSyntaxError: WITH takes queries …
WITH x AS (DROP TABLE t) SELECT 1;

-- SqlSyntaxError: INTERVAL needs its length in quotes …
SELECT INTERVAL '';

-- SqlSyntaxError: the statement ends too early; expected PROVIDERS, SERVICES, RESOURCES, METHODS, TABLES >SHOW<
SHOW;

-- SqlSyntaxError: the statement ends too early; expected IN provider >SERVICES<
SHOW SERVICES;

-- SqlSyntaxError: SHOW needs provider.service here >digitalocean<
SHOW RESOURCES IN digitalocean;

-- SqlSyntaxError: SHOW needs provider.service.resource here >digitalocean.droplets<
SHOW METHODS IN digitalocean.droplets;

-- SqlSyntaxError: unexpected now; expected the end of the statement >now<
SHOW PROVIDERS now;

-- SqlSyntaxError: unexpected digitalocean; expected INTO provider.service.resource >digitalocean<
SHOW INSERT digitalocean.droplets.droplets;

-- SqlSyntaxError: SHOW EXEC needs provider.service.resource.method here >digitalocean.droplets.droplets<
SHOW EXEC digitalocean.droplets.droplets;

-- SqlSyntaxError: DESCRIBE METHOD needs provider.service.resource.method here >digitalocean.droplets.droplets<
DESCRIBE METHOD digitalocean.droplets.droplets;

-- SqlSyntaxError: unexpected x; expected a pattern in quotes >x<
SHOW PROVIDERS LIKE x;

-- SqlSyntaxError: DESCRIBE needs provider.service.resource here >digitalocean.droplets<
DESCRIBE digitalocean.droplets;

-- SqlSyntaxError: unexpected 1; expected a name >1<
DESCRIBE 1;

-- SqlSyntaxError: the statement ends too early; expected a statement >EXPLAIN<
EXPLAIN;

-- SqlSyntaxError: unexpected SHOW; expected a statement that makes requests >SHOW<
EXPLAIN SHOW PROVIDERS;

-- SqlSyntaxError: unexpected COLOUR; expected FORMAT, ANALYZE, VERBOSE >COLOUR<
EXPLAIN (COLOUR) SELECT 1;

-- SqlSyntaxError: unexpected yaml; expected json, text >yaml<
EXPLAIN (FORMAT yaml) SELECT 1;

-- SqlSyntaxError: EXEC needs provider.service.resource.method here >digitalocean.droplets.actions<
EXEC digitalocean.droplets.actions @id = 1;

-- SqlSyntaxError: unexpected id; expected the end of the statement >id<
EXEC digitalocean.droplets.actions.post id = 1;

-- SqlSyntaxError: the argument id is given twice >id<
EXEC digitalocean.droplets.actions.post @id = 1, @id = 2;

-- SqlSyntaxError: @@ takes only json, not body >body<
EXEC digitalocean.droplets.actions.post @@body = '{}';

-- SqlSyntaxError: @@json is given twice >json<
EXEC digitalocean.droplets.actions.post @@json = '{}', @@json = '{}';

-- SqlSyntaxError: the statement ends too early; expected a value for id >=<
EXEC digitalocean.droplets.actions.post @id =;

-- SqlSyntaxError: unexpected 2 >2<
EXEC digitalocean.droplets.actions.post @id = 1 2;

-- SqlSyntaxError: unexpected digitalocean; expected INTO >digitalocean<
INSERT digitalocean.droplets.droplets (name) VALUES ('a');

-- SqlSyntaxError: INSERT needs provider.service.resource here >droplets.droplets<
INSERT INTO droplets.droplets (name) VALUES ('a');

-- SqlSyntaxError: the statement ends too early; expected VALUES, a query >)<
INSERT INTO digitalocean.droplets.droplets (name);

-- SqlSyntaxError: DEFAULT VALUES takes no columns >name<
INSERT INTO digitalocean.droplets.droplets (name) DEFAULT VALUES;

-- NotSupportedError: ON CONFLICT in INSERT is not built yet …
INSERT INTO digitalocean.droplets.droplets (name) VALUES ('a') ON CONFLICT DO NOTHING;

-- NotSupportedError: an alias in INSERT INTO is not built yet >d<
INSERT INTO digitalocean.droplets.droplets AS d (name) VALUES ('a');

-- SqlSyntaxError: the statement ends too early; expected SET column = value >droplets<
UPDATE digitalocean.droplets.droplets;

-- SqlSyntaxError: SET takes column = value, with the column's bare name >d.name = 'a'<
UPDATE digitalocean.droplets.droplets d SET d.name = 'a';

-- NotSupportedError: LIMIT in UPDATE is not built yet …
UPDATE digitalocean.droplets.droplets SET name = 'a' LIMIT 1;

-- NotSupportedError: ORDER BY in DELETE is not built yet …
DELETE FROM digitalocean.droplets.droplets ORDER BY id;

-- SqlSyntaxError: unexpected digitalocean; expected FROM >digitalocean<
DELETE digitalocean.droplets.droplets WHERE id = 1;

-- SqlSyntaxError: DELETE needs provider.service.resource here >"a"."b"<
DELETE FROM "a"."b" WHERE id = 1;

-- SqlSyntaxError: CREATE is for relations of your own, whose names have no dots >a.b<
CREATE TABLE a.b (x int);

-- SqlSyntaxError: the statement ends too early; expected (column type, ...), AS >t<
CREATE TABLE t;

-- SqlSyntaxError: unexpected ); expected column type >)<
CREATE TABLE t ();

-- NotSupportedError: foreign keys are not built …
CREATE TABLE t (a int REFERENCES u (x));

-- SqlSyntaxError: OR REPLACE and IF NOT EXISTS are opposites >IF NOT EXISTS<
CREATE OR REPLACE TABLE IF NOT EXISTS t (a int);

-- NotSupportedError: CREATE INDEX is not built >INDEX<
CREATE INDEX i ON t (a);

-- NotSupportedError: a temporary materialized view is not built >v<
CREATE TEMP MATERIALIZED VIEW v AS SELECT 1;

-- SqlSyntaxError: unexpected DELETE; expected a query >DELETE<
CREATE TABLE t AS DELETE FROM u;

-- SqlSyntaxError: the column a is named twice >a<
CREATE VIEW v (b, a, a) AS SELECT 1, 2, 3;

-- NotSupportedError: CASCADE is not built: nothing but what is named is dropped >CASCADE<
DROP TABLE t CASCADE;

-- NotSupportedError: ALTER COLUMN changes the type alone >a<
ALTER TABLE t ALTER COLUMN a SET NOT NULL;

-- NotSupportedError: COPY TO STDOUT is not built >STDOUT<
COPY t TO STDOUT;

-- SqlSyntaxError: unexpected FROM; expected TO >FROM<
COPY (SELECT 1) FROM 'a.csv';

-- SqlSyntaxError: unexpected a; expected a file name in quotes >a<
COPY t TO a;

-- SqlSyntaxError: the option HEADER is given twice …
COPY t TO 'a.csv' (HEADER true, HEADER false);
