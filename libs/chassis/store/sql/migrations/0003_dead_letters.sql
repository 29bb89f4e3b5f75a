-- 0003_dead_letters.sql: records of a key wait behind the one that was set aside, and follow it in order; a person may ask for that, or drop it.
ALTER TABLE dead_letters
    ADD COLUMN lane bytea,
    ADD COLUMN traceparent text,
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN outcome text CHECK (outcome IN ('replayed', 'dropped')),
    ADD COLUMN dropped_because text,
    ADD CHECK ((settled_at IS NULL) = (outcome IS NULL));
COMMENT ON COLUMN dead_letters.lane IS 'a fingerprint of topic and key; NULL: nothing waits behind this record';
COMMENT ON COLUMN dead_letters.reason IS 'waits: nothing is wrong with it but what lies before it';

CREATE INDEX dead_letters_lane ON dead_letters (consumer, lane, id) WHERE settled_at IS NULL;
CREATE INDEX dead_letters_asked ON dead_letters (consumer, id) WHERE settled_at IS NULL AND asked_at IS NOT NULL;
CREATE INDEX dead_letters_day ON dead_letters (day);

CREATE TABLE dead_letter_lanes (
    consumer text NOT NULL,
    lane bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, lane)
);
COMMENT ON TABLE dead_letter_lanes IS 'whoever adds to a lane, empties or closes it locks its row first';
