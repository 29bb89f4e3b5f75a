-- 0002_left_addresses.sql: a letter on its way to an address that the person leaves meanwhile is known, so that it is not tried again.
ALTER TABLE notices ADD COLUMN address_left boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN notices.address_left IS 'the person left its address before it was finished: no further attempt, nothing waits for it';
