/** Numbers that one thread writes and another one reads, in memory of both. That there is something to read is for a message to say: it also puts the two in order. */

/** A power of two. */
const ROOM = 8_192
const MASK = ROOM - 1

export interface SharedNumbers {
  readonly numbers: Float64Array<SharedArrayBuffer>
  /** Of all that were written: how many have been read, modulo 2^32. */
  readonly read: Int32Array<SharedArrayBuffer>
}

export function newNumbers(): SharedNumbers {
  return {
    numbers: new Float64Array(new SharedArrayBuffer(ROOM * Float64Array.BYTES_PER_ELEMENT)),
    read: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  }
}

export class NumberWriter {
  readonly #numbers: SharedNumbers['numbers']
  readonly #read: SharedNumbers['read']
  /** How many were written, and of how many the reader was told: modulo 2^32. */
  #written: number
  #told: number

  constructor({ numbers, read }: SharedNumbers) {
    this.#numbers = numbers
    this.#read = read
    this.#told = this.#written = Atomics.load(read, 0)
  }

  /** Is there room for so many now? */
  hasRoom(count: number): boolean {
    return ((this.#written - Atomics.load(this.#read, 0)) | 0) + count <= ROOM
  }

  write(value: number): void {
    this.#numbers[this.#written & MASK] = value
    this.#written = (this.#written + 1) | 0
  }

  /** The reader is told of what was written. */
  tell(): void {
    this.#told = this.#written
  }

  /** Takes back what it was not told of. */
  takeBack(): void {
    this.#written = this.#told
  }
}

export class NumberReader {
  readonly #numbers: SharedNumbers['numbers']
  readonly #shared: SharedNumbers['read']
  #read: number

  constructor({ numbers, read }: SharedNumbers) {
    this.#numbers = numbers
    this.#shared = read
    this.#read = Atomics.load(read, 0)
  }

  read(): number {
    const value = this.#numbers[this.#read & MASK] as number
    this.#read = (this.#read + 1) | 0
    return value
  }

  /** There is room again where it has read. */
  giveBack(): void {
    Atomics.store(this.#shared, 0, this.#read)
  }
}
