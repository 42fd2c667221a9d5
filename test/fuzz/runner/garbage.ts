/**
 * Thousands of small memories reserve gigabytes of addresses each, which V8 does not see as a reason to collect garbage until there are
 * no more to have.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export function collectGarbage(): void {
  collect()
}
