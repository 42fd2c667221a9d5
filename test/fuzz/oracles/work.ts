/**
 * Is the work between two polls bounded by what the poll granted? This shares no code with what places the checks: the module counts its
 * own instructions, by code that is put into it before it is guarded, and each poll looks at what was done since the one before.
 */
import { opcode } from '../../../src/wasm/opcodes.ts'
import { instruction, Writer } from '../../../src/wasm/writer.ts'
import type { Plan } from '../harness/plan.ts'
import { Session, type Subject } from '../harness/session.ts'
import { type Body, extended, type Instruction, join, readBodies, split, withBodies } from '../pieces.ts'
import type { Failure } from './failure.ts'

const WORK = 'fuzz work'
const RETURNS = 'fuzz returns'

/** What the cheapest instruction weighs, in units of credit. Those that only structure code weigh nothing. */
const CHEAPEST = 2
/** What may be done that was not paid for out of what the poll granted, as `test/guard/bound-meter.ts` derives it: the path under way, and by those that wait. */
const PATH = 500_000
const AFTER_CALL = 160
/** No stack holds more frames. */
const MOST_FRAMES = 31_000
/** What a call from outside may do until its first check. */
const UNCHECKED = 8_000

/** How many instructions may come after a poll that granted so much. */
function most(credit: number, returns: number, entered: number): number {
  return (2 * credit + PATH + AFTER_CALL * Math.min(returns, MOST_FRAMES) + UNCHECKED * entered) / CHEAPEST
}

/** Adds two counters, exported: instructions done, and calls returned from. Undefined for what cannot be read. */
export function counting(bytes: Uint8Array<ArrayBuffer>, globals: number): Uint8Array<ArrayBuffer> | undefined {
  const bodies = readBodies(bytes)
  if (bodies === undefined || bodies.length === 0) return undefined
  const counted = withBodies(
    bytes,
    bodies.map((body) => countingBody(body, globals)),
  )
  const { list, rest } = split(counted)
  const withGlobals = extended(list, 6, 2, (w) => {
    // Two mutable i64, zero at first
    for (let each = 0; each < 2; each++) w.bytes(Uint8Array.of(0x7e, 1, 0x42, 0, 0x0b))
  })
  const withExports = extended(withGlobals, 7, 2, (w) => {
    for (const [at, name] of [WORK, RETURNS].entries()) {
      w.name(name)
      w.u8(3)
      w.u32(globals + at)
    }
  })
  return join({ list: withExports, rest })
}

/** Each stretch of code that control goes through from its start to its end begins with an addition of how long it is. */
function countingBody({ locals, instructions }: Body, globals: number): Body {
  const out: Instruction[] = []
  let stretch: Instruction[] = []
  let follows = false
  const flush = () => {
    const length = stretch.filter(({ name }) => opcode(name).cost !== 'free').length
    if (length > 0) out.push(addition(globals, length))
    if (follows) out.push(addition(globals + 1, 1))
    out.push(...stretch)
    stretch = []
  }
  for (const each of instructions) {
    stretch.push(each)
    const { control } = opcode(each.name)
    if (control === 'none') continue
    flush()
    follows = control === 'call'
  }
  out.push(...stretch)
  return { locals, instructions: out }
}

function addition(global: number, amount: number): Instruction {
  const writer = new Writer(16)
  instruction(writer, 'global.get', global)
  instruction(writer, 'i64.const', BigInt(amount))
  instruction(writer, 'i64.add')
  instruction(writer, 'global.set', global)
  return { name: 'global.set', bytes: writer.finish() }
}

/** Runs a guarded module that counts. @param patience how many polls it may have */
export function boundedWork(
  plan: Plan,
  { module, attach }: Required<Pick<Subject, 'module' | 'attach'>>,
  patience: number,
): Omit<Failure, 'variant'> | undefined {
  const meter = new Meter()
  const subject: Subject = {
    module,
    attach: (instance, goOn) => {
      meter.read(instance)
      return attach(instance, (credit) => {
        meter.poll(credit)
        return goOn(credit)
      })
    },
    enter: () => meter.enter(),
  }
  const session = new Session(plan, subject, patience)
  if (session.start()) {
    for (const step of plan.steps) {
      session.do(step)
      meter.look()
      if (session.incomparable !== undefined || meter.excess !== undefined) break
    }
  }
  if (meter.excess === undefined) return undefined
  return { kind: 'works on without asking', details: [meter.excess, ...session.trace.slice(-6)] }
}

/** What was done since the last poll. */
class Meter {
  excess: string | undefined
  #work: WebAssembly.Global | undefined
  #returns: WebAssembly.Global | undefined
  #workBefore = 0n
  #returnsBefore = 0n
  /** A guarded module starts with none. */
  #credit = 0
  /** Calls from outside since the last poll. */
  #entered = 0

  read({ exports }: WebAssembly.Instance): void {
    this.#work = exports[WORK] as WebAssembly.Global
    this.#returns = exports[RETURNS] as WebAssembly.Global
  }

  look(): void {
    const work = Number(((this.#work?.value as bigint) ?? 0n) - this.#workBefore)
    const returns = Number(((this.#returns?.value as bigint) ?? 0n) - this.#returnsBefore)
    const allowed = most(this.#credit, returns, this.#entered)
    if (work > allowed) this.excess ??= `${work} instructions and ${returns} returns after a poll that granted ${this.#credit}: at most ${allowed} may be`
  }

  poll(credit: number): void {
    this.look()
    this.#workBefore = (this.#work?.value as bigint) ?? 0n
    this.#returnsBefore = (this.#returns?.value as bigint) ?? 0n
    this.#credit = credit
    this.#entered = 0
  }

  enter(): void {
    this.#entered++
  }
}
