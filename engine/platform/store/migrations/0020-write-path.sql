-- Less to write for each order. A link whose source alone says what the record is does not repeat the record: `whole`.
alter table link add column whole boolean not null default false;

-- The record first: one index answers both "what is owed for this record" and "is this owed already".
alter table handoff add unique (record_id, route, occurrence);
alter table handoff drop constraint handoff_route_record_id_occurrence_key;
drop index handoff_record;

-- `state` stands in the conditions of its indexes, so no update of a handoff is a HOT one: room on the page buys nothing.
alter table handoff set (fillfactor = 90);
alter table item set (fillfactor = 95);
alter table record set (fillfactor = 95);
alter table link set (fillfactor = 95);

-- What a record is at a connection, by one index.
drop index link_record;
create index link_record on link (record_id, connection);

-- Links and handoffs are written in the transaction of their record, and records are never deleted: a foreign key would only cost a
-- look-up and a lock for each row (measured: a quarter of the insert).
alter table link drop constraint link_record_id_fkey;
alter table handoff drop constraint handoff_record_id_fkey;

-- The workers that live, asked once for a statement and not for each row.
create function living_workers() returns setof int language sql stable as $$
  select objid::int from pg_locks
  where locktype = 'advisory' and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())
    and classid::bigint = hashtext(current_schema())::bigint & 4294967295
$$;
drop function worker_lives(int);

-- Without `data` in its condition, so that a record that changes is not written into all its indexes.
drop index alert_open;
create index alert_open on record (id) where type = 'alert';
alter table record set (fillfactor = 80);
