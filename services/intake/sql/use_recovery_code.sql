-- use_recovery_code.sql: true for the one who uses this code first.
UPDATE credentials SET recovery = array_remove(recovery, $2) WHERE account_id = $1 AND $2 = ANY (recovery)
RETURNING true
