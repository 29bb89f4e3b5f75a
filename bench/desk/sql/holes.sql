-- holes.sql: streams whose versions do not run from 1 without a gap.
SELECT stream FROM intake.events GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*)
