-- same_counts.sql: for each of these requests how many others have its text, up to $2; those that stand alone are absent.
SELECT this.request_id, others.count
FROM request_words this
CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM request_words other WHERE other.text_mark = this.text_mark AND other.request_id <> this.request_id LIMIT $2
    ) AS some_of_them
) AS others (count)
WHERE this.request_id = ANY($1::uuid[]) AND others.count > 0
