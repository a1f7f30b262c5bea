-- Where a person's word leads (engine/insight/search.ts). On keys alone, which never change: an index that looks into `data` would
-- make every change of a record a change of all its indexes.
create index record_number on record (substr(key, strpos(key, ':') + 1)) where type = 'order';
create index record_child on record (key collate "C") where type in ('fulfillment', 'payment', 'return', 'shipment');
create index record_invoice on record (id) where type = 'invoice';
