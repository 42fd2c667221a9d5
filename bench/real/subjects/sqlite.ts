import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Database {
  run(sql: string, parameters?: readonly (string | number)[]): void
  exec(sql: string): { columns: string[]; values: unknown[][] }[]
  close(): void
}
type SqlJs = { default(): Promise<{ Database: new () => Database }> }

const SCHEMA = `
  create table customer (id integer primary key, name text, city text);
  create table orders (id integer primary key, customer integer references customer, day integer, amount real, note text);
  create index by_customer on orders (customer, day);`
const FILL = `
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 300)
    insert into customer select i, 'name' || (i * 7919 % 300), 'city' || (i % 17) from n;
  with recursive n(i) as (select 1 union all select i + 1 from n where i < 12000)
    insert into orders select i, 1 + i * 7919 % 300, i * 31 % 365, (i * 104729 % 100000) / 100.0, 'note ' || hex(i * 65537) from n;`
const QUERIES = [
  'select city, count(*), sum(amount), avg(amount) from customer join orders on orders.customer = customer.id group by city order by 3 desc',
  'select name, day, amount, sum(amount) over (partition by customer.id order by day) from customer join orders on customer = customer.id where amount > 900',
  "select upper(substr(note, 6, 4)) as start, count(*) from orders where note like '%7F%' group by start having count(*) > 1 order by start",
  'select c.name from customer c where not exists (select 1 from orders o where o.customer = c.id and o.day between 100 and 110) order by c.name',
]

export const sqlite: RealSubject = {
  id: 'sqlite',
  label: 'sql.js: tables, joins, aggregates, window functions',
  toolchain: 'C, Emscripten',
  async load() {
    const { default: start } = await load<SqlJs>('sql.js')
    const { Database } = await start()
    return {
      run() {
        const database = new Database()
        database.run(SCHEMA)
        database.run(FILL)
        const results = QUERIES.map((query) => database.exec(query))
        database.close()
        return digest(JSON.stringify(results))
      },
    }
  },
}
