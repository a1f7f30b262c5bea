-- What the alerts look for, once a second.

-- Open alerts: records of the hub's own type `alert`, whose messages are owed like everything else.
create index alert_open on record (key) where type = 'alert' and data->>'state' = 'open';

-- What is still on its way, by age (routes with `within:`), and what keeps failing.
create index handoff_moving on handoff (route, owed_at) where state in ('owed', 'sending', 'waiting');
create index handoff_trying on handoff (connection, cause) where state = 'owed' and attempts >= 3;
