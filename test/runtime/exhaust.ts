/**
 * Run by exhaustion.test.ts in a process of its own: `exhaust.ts <what> <by>` has the process use up something that the system or the engine
 * gives it only so much of, by the engine alone or by way of a host. Prints how that ended, if the process lives to tell.
 */
import { CurfewError, Host, UsageError } from '../../src/index.ts'
import { addressSpace, mappings } from '../../src/runtime/kernel.ts'
import { shareProcess } from '../../src/runtime/ledger.ts'
import { wat } from '../support/wat.ts'

export interface Outcome {
  /** How many were made. */
  readonly made: number
  /** What the next one was refused with. */
  readonly refused: { readonly code: string; readonly message: string; readonly ran: boolean; readonly figures: Readonly<Record<string, number>> }
  /** What the first plugin answered afterwards: by `call` and by `callSync`. */
  readonly answers: readonly unknown[]
  /** After room was made, could another be made? */
  readonly recovers: boolean
}

interface Way {
  /** Has something else of the process use up most of it. @returns what keeps it so */
  readonly fill: () => unknown[]
  readonly text: string
}

/** A resizable buffer takes two mappings, and no more address space than it may grow to. */
function fillMappings(part: number): unknown[] {
  const { limit, count } = mappings as NonNullable<typeof mappings>
  const buffers: unknown[] = []
  for (let left = limit * part - count(); left > 0; left -= 2) buffers.push(new ArrayBuffer(4_096, { maxByteLength: 131_072 }))
  return buffers
}

/** Where the kernel does not tell: as many memories as there can be, but for a few. */
function fillAddresses(): unknown[] {
  const memories: unknown[] = []
  const isFull = () => addressSpace !== undefined && addressSpace().used >= addressSpace().limit * 0.93
  try {
    while (!isFull()) memories.push(new WebAssembly.Memory({ initial: 0 }))
  } catch {
    memories.length -= 50
    ;(globalThis as { gc?: () => void }).gc?.()
  }
  return memories
}

/** Loads modules until there is no room, or grows their tables. */
const WAYS: Readonly<Record<string, Way>> = {
  mappings: {
    fill: () => fillMappings(0.865),
    text: '(module (memory 1) (func (export "ok") (result i32) (i32.const 1)))',
  },
  addresses: {
    fill: fillAddresses,
    text: '(module (memory 1) (func (export "ok") (result i32) (i32.const 1)))',
  },
  tables: {
    fill: () => [],
    text: '(module (table 100000 funcref) (func (export "ok") (result i32) (i32.const 1)))',
  },
  // The engine notes whom 100,000 calls call, none of which is ever made
  'calls-in-code': {
    fill: () => [],
    text: `(module (start $run) (func $nothing) ${`(func (if (i32.const 0) (then ${'(call $nothing)'.repeat(1_000)})))`.repeat(100)}
      (func $run ${Array.from({ length: 100 }, (_, n) => `(call ${n + 1})`).join('')}) (func (export "ok") (result i32) (i32.const 1)))`,
  },
  // And that 100,000 references name each of four functions in turn
  'calls-of-references': {
    fill: () => [],
    text: `(module (type $nothing (func)) (elem declare func $a $b $c $d) (start $run)
      ${['$a', '$b', '$c', '$d'].map((name) => `(func ${name} (type $nothing))`).join('')}
      ${`(func (param (ref $nothing)) ${'(call_ref $nothing (local.get 0))'.repeat(100)})`.repeat(1_000)}
      (func $all (param (ref $nothing)) ${Array.from({ length: 1_000 }, (_, n) => `(call ${n + 4} (local.get 0))`).join('')})
      (func $run ${['$a', '$b', '$c', '$d'].map((name) => `(call $all (ref.func ${name}))`).join('')}) (func (export "ok") (result i32) (i32.const 1)))`,
  },
  growth: {
    fill: () => [],
    text: `(module (table 1 funcref) (start $grow) (func $grow (drop (table.grow (ref.null func) (i32.const 99999))))
      (func (export "ok") (result i32) (i32.const 1)))`,
  },
}

/** Far above what fits. */
const MOST = 20_000

async function byEngine({ fill, text }: Way): Promise<unknown> {
  const held = fill()
  const module = new WebAssembly.Module(wat(text))
  let made = 0
  try {
    for (; made < MOST; made++) held.push(new WebAssembly.Instance(module))
  } catch (error) {
    return { made, refused: { code: (error as Error).name, message: (error as Error).message } }
  }
  return { made }
}

async function byHost({ fill, text }: Way): Promise<Outcome> {
  const host = new Host({ execTimeout: 10_000, totalMemoryLimit: 2 ** 40 })
  const bytes = wat(text)
  const first = await host.loadModule('first', bytes)
  const held = fill()
  shareProcess(1) // so that the kernel is asked again
  let refused: unknown
  let made = 1
  while (made < MOST && refused === undefined) {
    refused = await host.loadModule(`another ${made}`, bytes).then(
      () => void made++,
      (error: unknown) => error,
    )
  }
  if (!(refused instanceof CurfewError)) throw refused ?? new Error(`${MOST} modules fit`)
  const answers = [await first.call('ok').catch(({ code }) => code), first.callSync('ok')]
  held.length = 0
  const others = [...host.modules.values()].filter((module) => module !== first)
  await Promise.all(others.map((module) => module.close()))
  const { code, message, ran, figures } = refused
  return { made, refused: { code, message, ran, figures }, answers, recovers: await succeeds((index) => host.loadModule(`later ${index}`, bytes)) }
}

/** What was dropped is collected when there is no room otherwise; and the kernel is asked for its count ten times a second only. */
async function succeeds(attempt: (index: number) => Promise<unknown>): Promise<boolean> {
  for (let index = 0; index < 20; index++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const failed = await attempt(index).then(
      () => false,
      () => true,
    )
    if (!failed) return true
  }
  return false
}

/** With no mapping left for a stack, no call is let in that may be suspended. */
async function callsByHost(): Promise<Outcome> {
  const host = new Host({ execTimeout: 10_000 })
  const module = await host.loadModule('first', wat('(module (func (export "ok") (result i32) (i32.const 1)))'))
  const held = fillMappings(0.9)
  shareProcess(1) // so that the kernel is asked again
  await host.loadModule('second', wat('(module (memory 1))')).catch(() => undefined)
  const refused = await module.call('ok').then(
    () => undefined,
    (error) => error,
  )
  if (!(refused instanceof UsageError)) throw refused ?? new Error('the call was let in')
  const answers = [module.stats.outcomes.overloaded, module.callSync('ok')]
  held.length = 0
  ;(globalThis as { gc?: () => void }).gc?.()
  const { code, message, ran, figures } = refused
  return { made: 1, refused: { code, message, ran, figures }, answers, recovers: await succeeds(() => module.call('ok')) }
}

const [what = '', by] = process.argv.slice(2)
const way = WAYS[what]
console.log(JSON.stringify(await (way === undefined ? callsByHost() : by === 'host' ? byHost(way) : byEngine(way))))
