-- 0002_register.sql: what the desk sorts and filters the register by. Rows written before are filled by `otklik rebuild intake`.
-- `act_on` is the day by which something has to happen: the answer's, before that the registration's; `rank` 0 is urgent (N-8.5).
ALTER TABLE requests
    ADD COLUMN type text,
    ADD COLUMN topic text,
    ADD COLUMN urgency text,
    ADD COLUMN unit text,
    ADD COLUMN executor text,
    ADD COLUMN open boolean NOT NULL DEFAULT false,
    ADD COLUMN act_on date NOT NULL DEFAULT 'infinity',
    ADD COLUMN rank smallint NOT NULL DEFAULT 1;
CREATE INDEX requests_queue ON requests (rank, act_on, request_id) WHERE open;
CREATE INDEX requests_client ON requests (client_id);
