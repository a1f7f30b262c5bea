-- Undecided items go by lane, so that what is read again in bulk delays nothing that has just come.
drop index item_new;
create index item_new on item (connection, resource, lane, received_at) where status = 'new';
