-- The hub's memory. What is owed to a destination is a row of `handoff`; the queue only carries ids of such rows and may
-- be wiped at any time. Hot tables leave room on each page for HOT updates (fillfactor) and keep 2 KB records out of
-- TOAST (toast_tuple_target: no compression at that size, measured 1.4 times the insert rate).

-- Time is the database's, through one function that tests can shift: hosts' clocks do not matter.
create table clock (shift interval not null default '0');
insert into clock default values;
create function hub_now() returns timestamptz language sql stable
  as $$ select clock_timestamp() + shift from clock $$;

-- A hub process. It holds the advisory lock (schema, id) for as long as it lives; a free lock is a dead process.
create table worker (
  id int generated always as identity primary key,
  host text not null,
  pid int not null,
  started_at timestamptz not null
);
create function worker_lives(worker int) returns boolean language sql stable as $$
  select exists (
    select from pg_locks
    where locktype = 'advisory' and objsubid = 2 and granted
      and database = (select oid from pg_database where datname = current_database())
      and classid::bigint = hashtext(current_schema())::bigint & 4294967295 and objid::bigint = worker)
$$;

-- The latest state of each item of a source, as the bytes that came. Decisions are made after it is stored.
create table item (
  connection text not null,
  resource text not null,
  external_id text not null,
  source text not null,
  via text not null check (via in ('pull', 'webhook', 'answer')),
  body bytea,
  hash text not null,
  stamp timestamptz,                             -- the source's own moment of the last change
  deleted boolean not null default false,
  stale boolean not null default false,          -- to be read afresh at the source before it is mapped
  origin text,                                   -- file and line, for people
  record_id bigint,                              -- the record that a call's answer belongs to
  broken jsonb,                                  -- what the connector itself could not read in it
  lane smallint not null default 5,
  status text not null check (status in ('new', 'done', 'skipped', 'waiting', 'parked')),
  revision text,                                 -- of the mapping that decided
  errors jsonb,
  cause text,                                    -- what parked items are grouped by
  waiting_for text,
  deaths smallint not null default 0,            -- processes that died while they decided on it
  claimed_by int,
  received_at timestamptz not null,
  decided_at timestamptz,
  primary key (connection, resource, external_id)
) with (fillfactor = 80, toast_tuple_target = 8160);
create index item_new on item (source, received_at) where status = 'new';
create index item_stuck on item (status, source, cause) where status in ('parked', 'waiting');
create index item_waiting on item (waiting_for) where status = 'waiting';

-- Webhooks as they arrived, stored before they are answered.
create table webhook (
  id bigint generated always as identity primary key,
  connection text not null,
  topic text,
  body bytea not null,
  status text not null check (status in ('read', 'refused')),
  reason text,
  received_at timestamptz not null
);
create index webhook_age on webhook (received_at);

-- The thing in the hub's own shape. `key` is what names it across systems.
create table record (
  id bigint generated always as identity primary key,
  type text not null,
  key text not null,
  version int not null default 1,
  data jsonb not null,
  hash text not null,
  deleted boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (key, type)
) with (fillfactor = 80, toast_tuple_target = 8160);

-- This record is that external id. An inbound link keeps what the source said last, so that sources never erase each
-- other; identity is (connection, resource, external id).
create table link (
  connection text not null,
  resource text not null,
  external_id text not null,
  record_id bigint not null references record,
  contribution jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (connection, resource, external_id)
) with (fillfactor = 80, toast_tuple_target = 8160);
create index link_record on link (record_id);

-- One record owed along a route: a push owes the latest version, a call is owed once per occurrence.
create table handoff (
  id bigint generated always as identity primary key,
  route text not null,
  record_id bigint not null references record,
  kind text not null check (kind in ('push', 'call')),
  occurrence text not null default '',
  connection text not null,
  lane smallint not null default 5,
  wanted int not null,                           -- the version that is owed
  delivered int,                                 -- the version that was sent
  state text not null check (state in ('owed', 'sending', 'waiting', 'held', 'parked', 'failed', 'resting')),
  outcome text check (outcome in ('delivered', 'unchanged', 'skipped')),
  uncertain_since timestamptz,                   -- a write may have happened: the next attempt begins with find
  image text,                                    -- hash of what was last exchanged; null when unknown
  due_at timestamptz not null,
  queued_at timestamptz,
  attempts smallint not null default 0,
  deaths smallint not null default 0,
  fence bigint not null default 0,
  lease_until timestamptz,
  worker int,
  sending int,                                   -- the version in flight
  request jsonb,                                 -- of a call: frozen before the first send
  idempotency_key text,
  reason jsonb,
  cause text,
  waiting_for text,
  revision text,                                 -- of the mapping that parked it
  owed_at timestamptz not null,                  -- since when it has been owed without rest
  updated_at timestamptz not null,
  unique (route, record_id, occurrence)
) with (fillfactor = 60);
create index handoff_owed on handoff (due_at) where state = 'owed';
create index handoff_sending on handoff (worker, lease_until) where state = 'sending';
create index handoff_waiting on handoff (waiting_for) where state = 'waiting';
create index handoff_stuck on handoff (state, connection, cause) where state in ('held', 'parked', 'failed');
create index handoff_record on handoff (record_id);

create table attempt (
  id bigint generated always as identity primary key,
  handoff_id bigint not null,
  at timestamptz not null,
  ms int not null,
  version int,
  step text not null,
  kind text,                                     -- null when it succeeded
  code text,
  message text,
  exchanges jsonb
);
create index attempt_handoff on attempt (handoff_id);

create table event (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  type text not null,
  record_id bigint,
  handoff_id bigint,
  connection text,
  detail jsonb
);
create index event_record on event (record_id) where record_id is not null;

create table source_state (
  source text primary key,
  position jsonb,
  running_by int,                                -- the worker that pulls it now
  last_run_at timestamptz,
  last_success_at timestamptz,
  last_change_at timestamptz,
  failures int not null default 0,
  message text
);

create table run (
  id bigint generated always as identity primary key,
  source text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  pages int not null default 0,
  items int not null default 0,
  changed int not null default 0,
  message text
);
create index run_source on run (source, id);

create table connection_state (
  connection text primary key,
  state text not null default 'ok' check (state in ('ok', 'limited', 'paused', 'open')),
  until timestamptz,
  reason text,
  failures int not null default 0,
  since timestamptz not null
);

create table subscription (
  connection text not null,
  topic text not null,
  url text not null,
  external_id text not null,
  primary key (connection, topic)
);

-- Whether what a row waits for is there: `record:<type>:<key>` (a record has arrived), `link:<connection>.<resource>:<id>`
-- (an external id is linked), `sent:<connection>.<resource>:<key>` (the record of that key is at that resource).
create function has_arrived(waiting_for text) returns boolean language sql stable as $$
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
    else false end
$$;
