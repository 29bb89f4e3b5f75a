-- profile_version.sql: which of its words the kept profile is; nothing when there is none.
SELECT version FROM profile WHERE authority = $1
