import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Database {
  exec(sql: string): Promise<{ rows: object[] }[]>
}
type PGlite = { PGlite: { create(): Promise<Database> } }

const SCRIPT = `
  drop table if exists orders; drop table if exists customer;
  create table customer (id int primary key, name text, city text);
  create table orders (id int primary key, customer int references customer, day int, amount numeric(10, 2), note jsonb);
  insert into customer select i, 'name' || i * 7919 % 300, 'city' || i % 17 from generate_series(1, 200) i;
  insert into orders select i, 1 + i * 7919 % 200, i * 31 % 365, (i * 7331 % 100000) / 100.0, jsonb_build_object('n', i, 'tags', array[i % 7, i % 11])
    from generate_series(1, 1200) i;
  create index on orders (customer, day);
  select city, count(*), sum(amount), round(avg(amount), 3) as mean from customer c join orders o on o.customer = c.id group by city order by 3 desc;
  select name, day, sum(amount) over (partition by c.id order by day, o.id) from customer c join orders o on o.customer = c.id where amount > 900 order by 1, 2, 3;
  select note->'tags'->>1 as tag, count(*) from orders where note @> '{"tags": [3]}' group by tag order by tag;
  with recursive t(n, s) as (select 1, 'x' union all select n + 1, md5(s) from t where n < 200) select string_agg(s, '' order by n) from t;
  select regexp_replace(name, '(\\d)(\\d)', '\\2-\\1', 'g') from customer order by name collate "C" limit 20;`

export const postgres: RealSubject = {
  id: 'postgres',
  label: '@electric-sql/pglite (PostgreSQL): tables, joins, JSON, recursion',
  toolchain: 'C, Emscripten, dynamic linking',
  async load() {
    const { PGlite } = await load<PGlite>('@electric-sql/pglite')
    const database = await PGlite.create()
    return { run: async () => digest(JSON.stringify((await database.exec(SCRIPT)).map(({ rows }) => rows))) }
  },
}
