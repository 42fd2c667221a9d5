/** Writes checks into a body, and remembers which branches are hardly ever taken. */
import type { Writer } from '../wasm/writer.ts'
import { type Additions, isNegative } from './additions.ts'
import { writeSteps } from './code.ts'
import { FunctionHints } from './hints.ts'

/** What V8 is told of a branch (the section `metadata.code.branch_hint`). */
const UNLIKELY = 0
const LIKELY = 1

const BR_IF = 0x0d
const CALL = 0x10
const I32_CONST = 0x41
const I64_CONST = 0x42

export class CheckWriter {
  readonly #body: Writer
  readonly #added: Additions
  /** Of the branches in the body. */
  readonly hints = new FunctionHints()
  // Encodings that are the same for all checks of a module, but for a local or a charge
  readonly #getCounter: Uint8Array
  readonly #setCounter: Uint8Array
  readonly #getFuel: Uint8Array
  readonly #setFuel: Uint8Array
  readonly #isNegative: Uint8Array
  readonly #callSlow: Uint8Array

  constructor(body: Writer, added: Additions) {
    this.#body = body
    this.#added = added
    const { counter, fuel, functions } = added
    this.#getCounter = writeSteps([['global.get', counter]])
    this.#setCounter = writeSteps([['global.set', counter]])
    this.#getFuel = fuel === undefined ? new Uint8Array(0) : writeSteps([['global.get', fuel]])
    this.#setFuel = fuel === undefined ? new Uint8Array(0) : writeSteps([['i64.sub'], ['global.set', fuel]])
    this.#isNegative = writeSteps(isNegative([], added))
    this.#callSlow = writeSteps([['call', functions.slow]])
  }

  /** counter -= charge; if it is negative, the slow path. The result goes through a local of the guard's own. */
  check(charge: number, local: number): void {
    this.#subtract(charge, local)
    this.hint(UNLIKELY)
    this.#body.u8(0x04)
    this.#body.u8(0x40)
    this.callSlow()
    this.#body.u8(0x0b)
  }

  /** counter -= charge; if it is negative, a jump. */
  checkOrJump(charge: number, local: number, label: number): void {
    this.#subtract(charge, local)
    this.hint(UNLIKELY)
    this.#branchIf(label)
  }

  /** counter -= charge; unless it is negative, a jump. */
  checkAndJump(charge: number, local: number, label: number): void {
    this.#subtract(charge, local)
    this.#body.u8(0x45)
    this.hint(LIKELY)
    this.#branchIf(label)
  }

  callSlow(): void {
    this.#body.bytes(this.#callSlow)
  }

  /** Polls again, having given back what the check that comes next will subtract. */
  callAgain(charge: number): void {
    this.#constant(charge)
    this.#body.u8(CALL)
    this.#body.u32(this.#added.functions.again)
  }

  /** fuel -= cost. */
  burn(cost: number): void {
    const body = this.#body
    body.bytes(this.#getFuel)
    body.u8(I64_CONST)
    if (Math.abs(cost) < 2 ** 31) body.s32(cost)
    else body.s64(BigInt(cost))
    body.bytes(this.#setFuel)
  }

  /** The next instruction is a branch. */
  hint(what: number): void {
    this.hints.add(this.#body.length, what)
  }

  /** Leaves 1 if the counter has become negative, or the fuel is. */
  #subtract(charge: number, local: number): void {
    const body = this.#body
    body.bytes(this.#getCounter)
    this.#constant(charge)
    body.u8(0x6b) // i32.sub
    body.u8(0x22) // local.tee
    body.u32(local)
    body.bytes(this.#setCounter)
    body.u8(0x20) // local.get
    body.u32(local)
    body.bytes(this.#isNegative)
  }

  #branchIf(label: number): void {
    this.#body.u8(BR_IF)
    this.#body.u32(label)
  }

  #constant(value: number): void {
    this.#body.u8(I32_CONST)
    this.#body.s32(value)
  }
}
