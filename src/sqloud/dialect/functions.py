"""The dialect's functions: how many arguments each takes, and how the engine says those that it lacks.

Law: a function is written here once. A call with more or fewer arguments than its meaning has is an error at its
place, as sqlglot would drop the surplus. Where PostgreSQL and SQLite (StackQL's default engine) mean different things
by one name, PostgreSQL's meaning holds. A name that is not here is the engine's, or unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["AGGREGATES", "ARGUMENTS", "NAMES", "ONE_ROW", "SCALARS", "TABLES"]

_MANY = 1000


def _counts(text: str) -> dict[str, tuple[int, int]]:
    """`name 1`, `name 1-2`, `name 0+`, separated by commas, as least and most."""
    found = {}
    for item in text.split(","):
        name, count = item.split()
        least, _, most = count.partition("-")
        found[name] = (int(least.rstrip("+")), _MANY if count.endswith("+") else int(most or least))
    return found


ARGUMENTS: Mapping[str, tuple[int, int]] = _counts(
    # numbers
    "abs 1, cbrt 1, ceil 1, ceiling 1, degrees 1, div 2, exp 1, factorial 1, floor 1, ln 1, log 1-2, mod "
    "2, pi 0, pow 2, power 2, radians 1, random 0, round 1-2, sign 1, sqrt 1, trunc 1-2, greatest 1+, "
    "least 1+, acos 1, acosh 1, asin 1, asinh 1, atan 1, atan2 2, atanh 1, cos 1, cosh 1, cot 1, sin 1, "
    "sinh 1, tan 1, tanh 1, width_bucket 4, "
    # conditions
    "coalesce 1+, ifnull 2, nullif 2, iif 2-3, if 2-3, typeof 1, "
    # text
    "ascii 1, bit_length 1, btrim 1-2, char_length 1, character_length 1, chr 1, concat 1+, concat_ws 2+,"
    " initcap 1, instr 2, left 2, length 1, levenshtein 2, lower 1, lpad 2-3, ltrim 1-2, md5 1, "
    "octet_length 1, overlay 1-4, position 1-2, repeat 2, replace 3, reverse 1, right 2, rpad 2-3, rtrim "
    "1-2, starts_with 2, strpos 2, substr 2-3, substring 1-3, to_hex 1, translate 3, trim 1-2, upper 1, "
    "unicode 1, gen_random_uuid 0, sha256 1, "
    # patterns
    "regexp_like 2-3, regexp_replace 3-4, regexp_count 2-4, string_to_array 2-3, glob 2, like 2-3, "
    # moments
    "date 1+, date_trunc 2-3, datetime 0+, extract 1, make_date 3, make_interval 0-7, make_time 3, "
    "make_timestamp 6, now 0, date_bin 3, julianday 0+, strftime 1+, "
    # JSON and arrays
    "json_extract 2+, json_object 0+, array 0+, array_agg 1-2, array_append 2, array_cat 2, array_concat "
    "1+, array_contains 2, array_length 1-2, array_position 2-3, array_prepend 2, array_remove 2, "
    "array_to_string 2-3, unnest 1+, generate_series 2-3, list 1, "
    # aggregates and windows
    "avg 1, bit_and 1, bit_or 1, bit_xor 1, bool_and 1, bool_or 1, corr 2, count 0-1, covar_pop 2, "
    "covar_samp 2, cume_dist 0, dense_rank 0, first_value 1, lag 1-3, last_value 1, lead 1-3, max 1, "
    "median 1, min 1, mode 0-1, nth_value 2, ntile 1, percent_rank 0, percentile_cont 1, percentile_disc "
    "1, rank 0, row_number 0, stddev 1, stddev_pop 1, stddev_samp 1, string_agg 1-2, group_concat 1-2, "
    "sum 1, var_pop 1, var_samp 1, variance 1, grouping 1+, every 1, json_agg 1, jsonb_agg 1, "
    "json_group_array 1, json_group_object 2, json_object_agg 2, jsonb_object_agg 2, total 1, "
    # StackQL's, SQLite's and the rest of PostgreSQL's, written below
    "json_equal 2, json_array_length 1-2, json_type 1-2, json_valid 1, json_array 0+, json_quote 1, json "
    "1, printf 1+, format 1+, split_part 3, quote_literal 1, quote_ident 1, num_nulls 1+, num_nonnulls "
    "1+, regexp_match 2-3, regexp_substr 2, regexp_instr 2, regexp_matches 2-3, regexp_split_to_array "
    "2-3, regexp_split_to_table 2, string_to_table 2, array_replace 3, array_positions 2, array_upper 2, "
    "array_lower 2, array_ndims 1, cardinality 1, justify_days 1, justify_hours 1, clock_timestamp 0, "
    "statement_timestamp 0, transaction_timestamp 0, age 1-2, to_char 2, to_date 2, to_timestamp 1-2, "
    "to_number 2, encode 2, decode 2, to_json 1, to_jsonb 1, row_to_json 1, json_build_object 0+, "
    "jsonb_build_object 0+, json_build_array 0+, jsonb_build_array 0+, json_typeof 1, jsonb_typeof 1, "
    "jsonb_array_length 1, jsonb_extract_path 2+, json_extract_path 2+, jsonb_extract_path_text 2+, "
    "json_extract_path_text 2+, jsonb_array_elements 1, json_array_elements 1, jsonb_array_elements_text "
    "1, json_array_elements_text 1, jsonb_object_keys 1, json_object_keys 1, jsonb_each 1, "
    "jsonb_each_text 1, json_each_text 1, json_each 1-2, json_tree 1-2, jsonb_pretty 1, scale 1,"
    " hex 1, isfinite 1, log10 1, log2 1, json_extract_text 2, regexp_extract 2-4, date_part 2, "
    "json_set 3, json_insert 3, json_replace 3, json_remove 2, jsonb_set 3-4, json_strip_nulls 1, jsonb_strip_nulls 1, "
    "json_to_record 1, jsonb_to_record 1, json_to_recordset 1, jsonb_to_recordset 1"
)
"""Least and most arguments, by name. What stands after ORDER BY inside of the brackets is not counted."""

_ELEMENTS = "CAST($1 AS JSON[])"
_TEXTS = "from_json($1, '[\"VARCHAR\"]')"
_KEYS = "json_keys($1)"
_MAP = "CAST(CAST($1 AS JSON) AS MAP(VARCHAR, JSON))"
_PAIRS = f"SELECT unnest(map_keys({_MAP})), unnest($values)"
_LEAVES = "(SELECT list((fullkey, type, atom) ORDER BY fullkey) FROM json_tree(CAST($0 AS JSON)))"

SCALARS: Mapping[str, str] = {
    # StackQL's own and SQLite's
    # every leaf, empty container and its place: the order of an object's members says nothing, that of a list does
    "json_equal": f"{_LEAVES.replace('$0', '$1')} = {_LEAVES.replace('$0', '$2')}",
    "json_extract/2": "json_extract_string($1, $2)",
    "json_extract_text/2": "json_extract_string($1, $2)",
    "json_array_length/1": "json_array_length(CAST($1 AS JSON))",
    "json_array_length/2": "json_array_length(CAST($1 AS JSON), $2)",
    "json_array/0": "CAST('[]' AS JSON)",
    "json_quote": "to_json($1)",
    "json": "CAST($1 AS JSON)",
    "json_valid": "json_valid($1)",
    "json_set/3": "json_set(CAST($1 AS JSON), $2, to_json($3))",
    "json_insert/3": "json_insert(CAST($1 AS JSON), $2, to_json($3))",
    "json_replace/3": "json_replace(CAST($1 AS JSON), $2, to_json($3))",
    "json_remove/2": "json_remove(CAST($1 AS JSON), $2)",
    "hex": "upper(hex($1))",
    "glob": "$2 GLOB $1",
    "like/2": "$2 LIKE $1",
    "like/3": "$2 LIKE $1 ESCAPE $3",
    "iif/2": "CASE WHEN $1 THEN $2 END",
    "iif/3": "CASE WHEN $1 THEN $2 ELSE $3 END",
    "if/2": "CASE WHEN $1 THEN $2 END",
    "if/3": "CASE WHEN $1 THEN $2 ELSE $3 END",
    "ifnull": "coalesce($1, $2)",
    "regexp_like/2": "regexp_matches($1, $2)",
    "regexp_like/3": "regexp_matches($1, $2, $3)",
    "printf": "printf($*)",
    # text
    "split_part": "CASE WHEN $2 = '' THEN CASE WHEN $3 IN (1, -1) THEN $1 ELSE '' END ELSE split_part($1, $2, $3) "
    "END",
    "quote_literal": "concat('''', replace(CAST($1 AS VARCHAR), '''', ''''''), '''')",
    "quote_ident": "CASE WHEN regexp_full_match($1, '[a-z_][a-z0-9_]*') THEN $1 ELSE concat('\"', replace($1, '\"',"
    " '\"\"'), '\"') END",
    "initcap": "array_to_string(list_transform(regexp_extract_all(lower($1), '[\\p{L}\\p{N}]+|[^\\p{L}\\p{N}]+'),"
    " lambda w: concat(upper(left(w, 1)), substr(w, 2))), '')",
    "octet_length": "strlen(CAST($1 AS VARCHAR))",
    "bit_length": "8 * strlen(CAST($1 AS VARCHAR))",
    "translate": "translate($1, $2, $3)",
    "sha256": "unhex(sha256($1))",
    "to_hex": "lower(hex($1))",
    "lpad/2": "lpad($1, $2, ' ')",
    "rpad/2": "rpad($1, $2, ' ')",
    "concat_ws": "CASE WHEN $1 IS NULL THEN NULL ELSE concat_ws($*) END",
    "regexp_substr": "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2) END",
    "regexp_instr": "CASE WHEN regexp_matches($1, $2) THEN"
    " length(regexp_extract($1, concat('^((?s:.*?))(?:', $2, ')'), 1)) + 1 ELSE 0 END",
    "regexp_count/2": "len(regexp_extract_all($1, $2))",
    "regexp_split_to_array": "regexp_split_to_array($*)",
    "string_to_array/2": "CASE WHEN $2 IS NULL THEN string_split($1, '') WHEN $1 = '' THEN CAST([] AS VARCHAR[])"
    " ELSE string_split($1, $2) END",
    "string_to_array/3": "list_transform(string_split($1, $2), lambda part: nullif(part, $3))",
    "array_to_string/2": "array_to_string($1, $2)",
    "array_to_string/3": "array_to_string(list_transform(CAST($1 AS VARCHAR[]), lambda part: coalesce(part, $3)), $2)",
    # numbers
    "num_nulls": "len(list_filter([$*], lambda one: one IS NULL))",
    "num_nonnulls": "len(list_filter([$*], lambda one: one IS NOT NULL))",
    "log/2": "log($2) / log($1)",
    "scale": "length(split_part(CAST($1 AS VARCHAR), '.', 2))",
    "width_bucket": "CASE WHEN $1 < $2 THEN 0 WHEN $1 >= $3 THEN $4 + 1 ELSE CAST(floor(($1 - $2) / ($3 - $2) * $4) "
    "AS INTEGER) + 1 END",
    "div": "CAST(trunc($1 / $2) AS BIGINT)",
    "mod": "$1 % $2",
    # moments
    "clock_timestamp": "now()",
    "statement_timestamp": "now()",
    "transaction_timestamp": "now()",
    "age/1": "age(date_trunc('day', now() AT TIME ZONE 'UTC'), CAST($1 AS TIMESTAMP))",
    "age/2": "age(CAST($1 AS TIMESTAMP), CAST($2 AS TIMESTAMP))",
    "to_timestamp/1": "to_timestamp($1)",
    "justify_days": "to_months(CAST(date_part('day', $1) // 30 AS INTEGER)) + to_days(CAST(date_part('day', $1) % 30"
    " AS INTEGER)) + ($1 - to_days(CAST(date_part('day', $1) AS INTEGER)))",
    "justify_hours": "to_days(CAST(date_part('hour', $1) // 24 AS INTEGER)) + ($1 - to_hours(date_part('hour', $1) //"
    " 24 * 24))",
    "isfinite": "NOT isinf($1)",
    "date_bin/3": "time_bucket(CAST($1 AS INTERVAL), CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP))",
    # JSON
    "to_json": "to_json($1)",
    "to_jsonb": "to_json($1)",
    "row_to_json": "to_json($1)",
    "json_build_object": "json_object($*)",
    "jsonb_build_object": "json_object($*)",
    "json_build_array/0": "CAST('[]' AS JSON)",
    "jsonb_build_array/0": "CAST('[]' AS JSON)",
    "json_build_array": "json_array($*)",
    "jsonb_build_array": "json_array($*)",
    "jsonb_pretty": "json_pretty($1)",
    "json_strip_nulls": "json_strip_nulls(CAST($1 AS JSON))",
    "jsonb_strip_nulls": "json_strip_nulls(CAST($1 AS JSON))",
    "jsonb_array_length": "json_array_length(CAST($1 AS JSON))",
    "array_length/2": "CASE WHEN $2 = 1 THEN nullif(len($1), 0) END",
    "array_upper": "CASE WHEN $2 = 1 THEN nullif(len($1), 0) END",
    "array_lower": "CASE WHEN $2 = 1 AND len($1) > 0 THEN 1 END",
    "array_ndims": "CASE WHEN len($1) > 0 THEN 1 END",
    "cardinality": "len($1)",
    "array_remove": "list_filter($1, lambda one: one IS DISTINCT FROM $2)",
    "array_replace": "list_transform($1, lambda one: CASE WHEN one IS NOT DISTINCT FROM $2 THEN $3 ELSE one END)",
    "array_positions": "list_filter(range(1, len($1) + 1), lambda at: ($1)[at] IS NOT DISTINCT FROM $2)",
    "array_cat": "list_concat($1, $2)",
    "array_append": "list_append($1, $2)",
    "array_prepend": "list_prepend($1, $2)",
    # rows out of one value, where a value stands
    "jsonb_array_elements": f"unnest({_ELEMENTS})",
    "json_array_elements": f"unnest({_ELEMENTS})",
    "jsonb_array_elements_text": f"unnest({_TEXTS})",
    "json_array_elements_text": f"unnest({_TEXTS})",
    "jsonb_object_keys": f"unnest({_KEYS})",
    "json_object_keys": f"unnest({_KEYS})",
    "string_to_table": "unnest(string_split($1, $2))",
    "regexp_split_to_table": "unnest(regexp_split_to_array($1, $2))",
    **dict.fromkeys(
        ("json_typeof", "jsonb_typeof"),
        "CASE json_type($1) WHEN 'VARCHAR' THEN 'string' WHEN 'NULL' THEN 'null' WHEN 'OBJECT' THEN 'object'"
        " WHEN 'ARRAY' THEN 'array' WHEN 'BOOLEAN' THEN 'boolean' ELSE CASE WHEN json_type($1) IS NULL "
        "THEN NULL ELSE 'number' END END",
    ),
}
"""SQL of the engine's for a call: by name, or by name and number of arguments. `$1` is an argument, `$*` all."""

TABLES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "jsonb_array_elements": (("value",), f"SELECT unnest({_ELEMENTS})"),
    "json_array_elements": (("value",), f"SELECT unnest({_ELEMENTS})"),
    "jsonb_array_elements_text": (("value",), f"SELECT unnest({_TEXTS})"),
    "json_array_elements_text": (("value",), f"SELECT unnest({_TEXTS})"),
    "jsonb_object_keys": ((), f"SELECT unnest({_KEYS})"),
    "json_object_keys": ((), f"SELECT unnest({_KEYS})"),
    "jsonb_each": (("key", "value"), _PAIRS.replace("$values", f"map_values({_MAP})")),
    **dict.fromkeys(
        ("json_each_text", "jsonb_each_text"),
        (
            ("key", "value"),
            _PAIRS.replace("$values", f"list_transform(map_values({_MAP}), lambda one: one ->> '$')"),
        ),
    ),
    "string_to_table": ((), "SELECT unnest(string_split($1, $2))"),
    "regexp_split_to_table": ((), "SELECT unnest(regexp_split_to_array($1, $2))"),
    "generate_subscripts": ((), "SELECT unnest(range(1, len($1) + 1))"),
}
"""Functions that stand in FROM: the names of their columns (() for the alias or the function's own), and their rows."""

AGGREGATES: Mapping[str, tuple[str, str]] = {
    "every": ("bool_and($1)", "$0"),
    "json_agg": ("list($1)", "to_json($0)"),
    "jsonb_agg": ("list($1)", "to_json($0)"),
    "json_group_array": ("list($1)", "coalesce(to_json($0), CAST('[]' AS JSON))"),
    "json_object_agg": ("json_group_object($1, $2)", "$0"),
    "jsonb_object_agg": ("json_group_object($1, $2)", "$0"),
    "json_group_object": ("json_group_object($1, $2)", "$0"),
    "total": ("sum($1)", "CAST(coalesce($0, 0) AS DOUBLE)"),
}
"""Aggregates that the engine lacks: the aggregate itself, and what is made of it."""

NAMES: frozenset[str] = frozenset(
    {*ARGUMENTS, *TABLES, *AGGREGATES, *(name.partition("/")[0] for name in SCALARS)}
)
"""Every function that is known here; the engine knows more."""

ONE_ROW: frozenset[str] = frozenset(
    NAMES - {*AGGREGATES, *TABLES, "regexp_matches", "json_each", "json_tree"}
)
"""Those that make one value of one row, where the parser keeps no class of its own for them."""
