/** Restarts a guest again and again that touched 100 MiB; says what the process held at most. */
import { CurfewError, Host } from 'curfew'
import { wat } from '../../test/support/wat.ts'

const restarts = Number(process.argv[2])
const PAGES = 1600
const GUEST = wat(`(module
  (memory ${PAGES})
  (func (export "touch") (local $at i32)
    (loop $next
      (i32.store8 (local.get $at) (i32.const 1))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4096))) (i32.const ${PAGES * 65_536}))))
    unreachable))`)

const host = new Host({ execTimeout: 10_000 })
const module = await host.loadModule('touch', GUEST)
for (let i = 0; i < restarts; i++) {
  await module.call('touch').catch((error: unknown) => {
    if (!(error instanceof CurfewError) || error.code !== 'trap') throw error
  })
}
const made = module.stats.restarts
await host.close()
console.log(JSON.stringify({ restarts: made, peak: process.resourceUsage().maxRSS * 1024 }))
