-- What the alerts look for, once a second. Each index holds few rows: open alerts are records of the hub's own type `alert`, whose
-- messages are owed like everything else, and little keeps failing.
create index alert_open on record (key) where type = 'alert' and data->>'state' = 'open';
create index alert_owed on handoff (due_at) where state = 'owed' and route like 'alert.%';
create index handoff_trying on handoff (connection, cause) where state = 'owed' and attempts >= 3;
