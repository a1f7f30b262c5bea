-- What came and what was exchanged is written once and seldom read: compressing a body of 2 KB costs more than its room.
alter table webhook set (toast_tuple_target = 8160);
alter table attempt set (toast_tuple_target = 8160);
