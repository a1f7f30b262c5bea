-- When the answer to a write was lost last, and of which version it was (0: of several). Until the destination's settle time has
-- passed it may still land there, also after a later success: a newer version waits for that, or it would be undone.
alter table handoff add column lost_at timestamptz, add column lost_version int;
