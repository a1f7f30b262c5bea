-- A connection that fails everything is `open`; one that a check has found again is `half-open`: a few handoffs try it.
alter table connection_state drop constraint connection_state_state_check;
alter table connection_state add constraint connection_state_state_check check (state in ('ok', 'limited', 'paused', 'open', 'half-open'));

-- One rate for all processes: each takes a few slots ahead. `free_at` is when the next slot begins.
create table rate (connection text primary key, free_at timestamptz not null);

-- What is undecided, oldest first, and what dead processes left behind.
drop index item_new;
create index item_new on item (connection, resource, received_at) where status = 'new';
create index item_left on item (connection, resource) where status = 'new' and deaths >= 2;

-- A wait that took too long is parked, and still knows what it waited for.
drop index item_waiting;
create index item_waiting on item (waiting_for) where status in ('waiting', 'parked') and waiting_for is not null;
drop index handoff_waiting;
create index handoff_waiting on handoff (waiting_for) where state in ('waiting', 'parked') and waiting_for is not null;

-- Which creates may still show up at the other end.
create index handoff_uncertain on handoff (route) where uncertain_since is not null;

-- Two more kinds of waits: `create:<handoff>` (a write in flight, or one that may have happened, whose echo this may be) and
-- `moment:<timestamp>` (to be tried again then).
create or replace function has_arrived(waiting_for text) returns boolean language sql stable as $$
  select case split_part(waiting_for, ':', 1)
    when 'record' then exists (
      select from record where version > 0
        and type = split_part(waiting_for, ':', 2)
        and key = substr(waiting_for, length('record:' || split_part(waiting_for, ':', 2)) + 2))
    when 'link' then exists (
      select from link
      where connection = split_part(split_part(waiting_for, ':', 2), '.', 1)
        and resource = substr(split_part(waiting_for, ':', 2), strpos(split_part(waiting_for, ':', 2), '.') + 1)
        and external_id = substr(waiting_for, length('link:' || split_part(waiting_for, ':', 2)) + 2))
    when 'sent' then exists (
      select from record join link on link.record_id = record.id
      where link.connection = split_part(split_part(waiting_for, ':', 2), '.', 1)
        and link.resource = substr(split_part(waiting_for, ':', 2), strpos(split_part(waiting_for, ':', 2), '.') + 1)
        and record.key = substr(waiting_for, length('sent:' || split_part(waiting_for, ':', 2)) + 2))
    when 'create' then not exists (
      select from handoff
      where id = split_part(waiting_for, ':', 2)::bigint and (state = 'sending' or uncertain_since is not null))
    when 'moment' then hub_now() >= substr(waiting_for, length('moment:') + 1)::timestamptz
    else false end
$$;
