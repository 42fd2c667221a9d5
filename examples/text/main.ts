/**
 * Runs the plugin of any of the folders beside this one, whatever language it is written in: `node examples/text/main.ts rust`
 */
import { readFile } from 'node:fs/promises'
import { GuestError, Host } from 'curfew'

interface Sum {
  readonly count: number
  readonly sum: number
}

const [language = 'c'] = process.argv.slice(2)
const host = new Host({ execTimeout: 100 })
try {
  const plugin = await host.loadModule(language, await readFile(new URL(`../${language}/plugin.wasm`, import.meta.url)))

  console.log(await plugin.callText('mask', 'Call 555-0199, or write to room 12'))

  const { count, sum } = await plugin.callJson<Sum>('sum', [1, 20, -300])
  console.log(`${count} numbers, ${sum} together`)

  await plugin.callJson('sum', [1, 'two']).catch((error) => {
    if (!(error instanceof GuestError)) throw error
    console.log(error.message)
  })
} finally {
  await host.close()
}
