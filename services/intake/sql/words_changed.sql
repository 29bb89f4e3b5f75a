-- words_changed.sql: these streams say other words now; the index reads them behind the registration.
INSERT INTO words_pending (stream) SELECT unnest($1::text[])
