/** Writes one function body with its checks, and the helper functions that the checks call. */
import { MAX_CREDIT } from '../abi.ts'
import type { LocalGroup } from '../wasm/locals.ts'
import { instruction, Writer } from '../wasm/writer.ts'
import { BULK_POLL, PER_BYTE, PER_ELEMENT } from './costs.ts'
import { BULK, EVENT } from './events.ts'
import type { Plan } from './plan.ts'

/** Where the guard's own additions ended up: all at the ends of their index spaces. */
export interface Added {
  readonly counter: number
  readonly hooks: number
  readonly types: { readonly slow: number; readonly hook: number; readonly bulk: number; readonly bulk64: number }
  readonly functions: { readonly slow: number; readonly bulk: number; readonly bulk64: number }
}

/** How many checks of each kind a module got. */
export interface Checks {
  entry: number
  loop: number
  handler: number
  afterCall: number
  straight: number
  bulk: number
  grow: number
}

const OWN_LOCALS: readonly LocalGroup[] = [{ count: 1, type: 'i32' }]
const OWN_LOCALS_64: readonly LocalGroup[] = [...OWN_LOCALS, { count: 1, type: 'i64' }]

const encodings = new Map<string, Uint8Array>()

/** The bytes of instructions, made once. */
function encoded(key: string, write: (writer: Writer) => void): Uint8Array {
  let bytes = encodings.get(key)
  if (bytes === undefined) {
    const writer = new Writer(32)
    write(writer)
    bytes = writer.finish()
    encodings.set(key, bytes)
  }
  return bytes
}

/** Copies planned bodies from `source`, inserting. */
export class BodyWriter {
  readonly #out: Writer
  readonly #source: Uint8Array
  readonly #added: Added
  readonly checks: Checks = { entry: 0, loop: 0, handler: 0, afterCall: 0, straight: 0, bulk: 0, grow: 0 }
  /** One body, before its size is known. */
  readonly #body = new Writer(4096)

  constructor(out: Writer, source: Uint8Array, added: Added) {
    this.#out = out
    this.#source = source
    this.#added = added
  }

  /** Writes the body with its size before it; returns the size. The guard's own locals come after those of `groups`. */
  write(plan: Plan, groups: readonly LocalGroup[], codeStart: number, end: number, locals: number): number {
    const body = this.#body
    body.clear()
    body.vec([...groups, ...(plan.needsLocal64 ? OWN_LOCALS_64 : OWN_LOCALS)], ({ count, type }) => {
      body.u32(count)
      body.valType(type)
    })
    let from = codeStart
    const { count, kinds, charges, offsets } = plan.events
    for (let at = 0; at < count; at++) {
      const kind = kinds[at] as number
      const charge = charges[at] as number
      if (kind === EVENT.jump || (charge === 0 && kind < EVENT.beforeBulk)) continue
      const offset = offsets[at] as number
      body.bytes(this.#source, from, offset)
      from = offset
      this.#insert(kind, charge, locals)
    }
    body.bytes(this.#source, from, end)
    this.#out.u32(body.length)
    this.#out.append(body)
    return body.length
  }

  #insert(kind: number, charge: number, local: number): void {
    switch (kind) {
      case EVENT.entry:
        this.checks.entry++
        return this.#check(charge, local)
      case EVENT.loop:
        this.checks.loop++
        return this.#check(charge, local)
      case EVENT.handler:
        this.checks.handler++
        return this.#check(charge, local)
      case EVENT.afterCall:
        this.checks.afterCall++
        return this.#check(charge, local)
      case EVENT.join:
        this.checks.straight++
        return this.#check(charge, local)
      case EVENT.beforeBulk:
        return instruction(this.#body, 'local.tee', isWide(charge) ? local + 1 : local)
      case EVENT.afterBulk:
        this.checks.bulk++
        return this.#bulk(charge, local)
      case EVENT.afterGrow:
        this.checks.grow++
        instruction(this.#body, 'call', this.#added.functions.slow)
        if (charge > 0) this.#check(charge, local)
    }
  }

  /** counter -= charge; if it is negative, the slow path. */
  #check(charge: number, local: number): void {
    const { counter, functions } = this.#added
    const body = this.#body
    body.bytes(encoded(`get ${counter}`, (w) => instruction(w, 'global.get', counter)))
    body.u8(0x41)
    body.s32(charge)
    body.u8(0x6b)
    body.u8(0x22)
    body.u32(local)
    body.bytes(encoded(`set ${counter}`, (w) => instruction(w, 'global.set', counter)))
    body.u8(0x20)
    body.u32(local)
    body.bytes(
      encoded(`slow ${functions.slow}`, (w) => {
        instruction(w, 'i32.const', 0)
        instruction(w, 'i32.lt_s')
        instruction(w, 'if', 'empty')
        instruction(w, 'call', functions.slow)
        instruction(w, 'end')
      }),
    )
  }

  #bulk(form: number, local: number): void {
    const { functions } = this.#added
    instruction(this.#body, 'local.get', isWide(form) ? local + 1 : local)
    instruction(this.#body, 'i32.const', form === BULK.bytes32 || form === BULK.bytes64 ? PER_BYTE : PER_ELEMENT)
    instruction(this.#body, 'call', isWide(form) ? functions.bulk64 : functions.bulk)
  }
}

function isWide(form: number): boolean {
  return form === BULK.bytes64 || form === BULK.elements64
}

/** The bodies of the helper functions, in the order of `Added.functions`, each with its size. */
export function writeHelpers(out: Writer, added: Added): void {
  writeSlow(out, added)
  writeBulk(out, added, false)
  writeBulk(out, added, true)
}

/** Asks the poll, which answers with the new credit. Anything below 1 is a stop, and so is a grant that is too large for the bound. */
function writeSlow(out: Writer, { counter, hooks, types }: Added): void {
  out.sized((w) => {
    w.u32(0)
    instruction(w, 'i32.const', 0)
    instruction(w, 'call_indirect', types.hook, hooks)
    instruction(w, 'global.set', counter)
    // As unsigned, one comparison refuses both
    instruction(w, 'global.get', counter)
    instruction(w, 'i32.const', 1)
    instruction(w, 'i32.sub')
    instruction(w, 'i32.const', MAX_CREDIT)
    instruction(w, 'i32.ge_u')
    instruction(w, 'if', 'empty')
    instruction(w, 'unreachable')
    instruction(w, 'end')
    instruction(w, 'end')
  })
}

/** Parameters: length, charge per unit of it. Lengths above `BULK_POLL` poll at once; below, length x charge stays far from overflow. */
function writeBulk(out: Writer, { counter, functions }: Added, is64: boolean): void {
  out.sized((w) => {
    w.u32(0)
    instruction(w, 'local.get', 0)
    if (is64) instruction(w, 'i64.const', BigInt(BULK_POLL))
    else instruction(w, 'i32.const', BULK_POLL)
    instruction(w, is64 ? 'i64.gt_u' : 'i32.gt_u')
    instruction(w, 'if', 'empty')
    instruction(w, 'call', functions.slow)
    instruction(w, 'return')
    instruction(w, 'end')
    instruction(w, 'global.get', counter)
    instruction(w, 'local.get', 0)
    if (is64) instruction(w, 'i32.wrap_i64')
    instruction(w, 'local.get', 1)
    instruction(w, 'i32.mul')
    instruction(w, 'i32.sub')
    instruction(w, 'global.set', counter)
    instruction(w, 'global.get', counter)
    instruction(w, 'i32.const', 0)
    instruction(w, 'i32.lt_s')
    instruction(w, 'if', 'empty')
    instruction(w, 'call', functions.slow)
    instruction(w, 'end')
    instruction(w, 'end')
  })
}
