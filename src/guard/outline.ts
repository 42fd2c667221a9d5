/** What a module's functions are read into (`scan.ts`), weighed by (`weigh.ts`) and written by (`body.ts`). */
import type { ModuleInfo } from '../wasm/module.ts'
import { Events } from './events.ts'
import { Frames } from './frames.ts'
import { Loops } from './loops.ts'

/** Bytes of code for each event and each frame that there is room for at first. */
const BYTES_PER_EVENT = 9
const BYTES_PER_FRAME = 27

export class Outline {
  /** How many functions there are. */
  readonly count: number
  readonly events: Events
  readonly frames: Frames
  readonly loops = new Loops()
  /** By function: its first event and frame, with one more at the end. */
  readonly firstEvent: Int32Array
  readonly firstFrame: Int32Array
  /** By function: where its instructions begin; its locals, parameters included. */
  readonly codeStarts: Int32Array
  readonly locals: Int32Array
  /** By function: what V8's baseline compiler will take, in units of one local or operand at one branch; see `operands.ts`. */
  readonly complexity: Float64Array
  /** By function: how many calls it has, before there are checks, and how many of them go through a table or reference. */
  readonly calls: Int32Array
  readonly indirectCalls: Int32Array
  /** By function, with fuel: bytes of stack that it takes. */
  readonly stack: Int32Array
  /** By function: locals that are needed for NaNs, see `canonical.ts`. */
  readonly nanLocals: Uint8Array
  /** By event, with fuel: what the instructions since the one before cost. */
  fuel: Float64Array | undefined

  constructor({ bodyStarts, bodyEnds }: ModuleInfo, withFuel: boolean) {
    const count = bodyStarts.length
    const size = count === 0 ? 0 : (bodyEnds[count - 1] as number) - (bodyStarts[0] as number)
    const capacity = Math.max(64, Math.ceil(size / BYTES_PER_EVENT))
    this.count = count
    this.events = new Events(capacity)
    this.frames = new Frames(Math.max(64, Math.ceil(size / BYTES_PER_FRAME)))
    this.firstEvent = new Int32Array(count + 1)
    this.firstFrame = new Int32Array(count + 1)
    this.codeStarts = new Int32Array(count)
    this.locals = new Int32Array(count)
    this.complexity = new Float64Array(count)
    this.calls = new Int32Array(count)
    this.indirectCalls = new Int32Array(count)
    this.stack = new Int32Array(withFuel ? count : 0)
    this.nanLocals = new Uint8Array(count)
    this.fuel = withFuel ? new Float64Array(capacity) : undefined
  }
}
