-- act_in_session.sql: in whose place the one who is signed in acts from now on in this browser; NULL: in their own.
UPDATE sessions SET acting_for = $2 WHERE token_hash = $1
