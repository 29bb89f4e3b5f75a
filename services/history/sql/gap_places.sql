-- gap_places.sql: where the search stands in each shard and where the shard ends; one search at a time, and no append waits for it.
SELECT place.shard, place.position, head.position AS head
FROM gap_places AS place JOIN log_heads AS head USING (shard) ORDER BY place.shard FOR UPDATE OF place
