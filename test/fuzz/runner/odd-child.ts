/** For the tests of who watches processes: one that ends, hangs or dies, as it is told. */
import { Status } from './status.ts'

const { status: path, what } = JSON.parse(process.argv[2] as string) as { status: string; what: 'ends' | 'hangs' | 'dies' }
const status = new Status(path)
status.set(1, 'beginning')
process.send?.('begun', () => {
  status.set(2, what)
  while (what === 'hangs');
  if (what === 'dies') process.abort()
  process.disconnect()
})
