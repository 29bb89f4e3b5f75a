-- events_of_models.sql: how many events intake's read models are made of; the register's own streams have none.
SELECT count(*) FROM intake.events WHERE NOT starts_with(stream, 'register-')
