-- profile.sql: the kept profile of an authority, sealed.
SELECT thread_id, sealed FROM profile WHERE authority = $1
