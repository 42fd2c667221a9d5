/**
 * Light messages. Most calls take and return numbers, and nothing else is to be said of them. Such messages are written as numbers into memory that both
 * threads have, and posted is how many they are: cloning objects would take a fifth of all the time that a call takes. See decision: C068
 */
import { oneNaN } from '../guests/signature.ts'
import type { Order, Report } from './messages.ts'
import { NumberReader, NumberWriter, newNumbers, type SharedNumbers } from './number-ring.ts'

type Message = Order | Report
/** A batch of messages, or how many of them were written. */
export type Packed<Of extends Message> = readonly Of[] | number

/** For what goes either way. */
export interface PackingMemory {
  readonly orders: SharedNumbers
  readonly reports: SharedNumbers
}

export function newPackingMemory(): PackingMemory {
  return { orders: newNumbers(), reports: newNumbers() }
}

export class Packer {
  readonly #out: NumberWriter

  constructor(out: SharedNumbers) {
    this.#out = new NumberWriter(out)
  }

  /** @returns what is to be posted, next */
  pack<Of extends Message>(batch: readonly Of[]): Packed<Of> {
    for (const message of batch) {
      if (write(message, this.#out)) continue
      this.#out.takeBack()
      return batch
    }
    this.#out.tell()
    return batch.length
  }
}

export class Unpacker<Of extends Message> {
  readonly #in: NumberReader

  constructor(into: SharedNumbers) {
    this.#in = new NumberReader(into)
  }

  /** @param packed in the order in which that was posted */
  unpack(packed: Packed<Of>): readonly Of[] {
    if (typeof packed !== 'number') return packed
    const batch: Message[] = []
    for (let left = packed; left > 0; left--) batch.push(read(this.#in))
    this.#in.giveBack()
    return batch as Of[]
  }
}

const CALL = 0
const ANSWER = 1
const RAN = 2

/** @returns false if there is anything else to say, or in anything but numbers; or no room */
function write(message: Message, out: NumberWriter): boolean {
  switch (message.verb) {
    case 'call': {
      const { id, guest, signature, began, args } = message
      if (propertiesOf(message) > 6 || !areNumbers(args) || !out.hasRoom(6 + args.length)) return false
      out.write(CALL)
      out.write(id)
      out.write(guest)
      out.write(signature)
      out.write(began)
      writeAll(args, out)
      return true
    }
    case 'answer': {
      const { id, value } = message as { id: number; value?: unknown }
      if (propertiesOf(message) > 3 || !Array.isArray(value) || !areNumbers(value) || !out.hasRoom(3 + value.length)) return false
      out.write(ANSWER)
      out.write(id)
      writeAll(value, out)
      return true
    }
    case 'ran':
      if (!out.hasRoom(4)) return false
      out.write(RAN)
      out.write(message.guest)
      out.write(message.calls)
      out.write(message.cpu)
      return true
    default:
      return false
  }
}

function read(from: NumberReader): Message {
  switch (from.read()) {
    case CALL:
      return { verb: 'call', id: from.read(), guest: from.read(), signature: from.read(), began: from.read(), args: readAll(from) }
    case ANSWER:
      return { verb: 'answer', id: from.read(), value: readAll(from) }
    default:
      return { verb: 'ran', guest: from.read(), calls: from.read(), cpu: from.read() }
  }
}

function writeAll(values: readonly number[], out: NumberWriter): void {
  out.write(values.length)
  for (const value of values) out.write(value)
}

function readAll(from: NumberReader): number[] {
  const values: number[] = []
  for (let left = from.read(); left > 0; left--) values.push(oneNaN(from.read()))
  return values
}

/** Those that a message always has are known: if there are more, these are not numbers. */
function propertiesOf(message: Message): number {
  let count = 0
  for (const _ in message) count++
  return count
}

function areNumbers(values: readonly unknown[]): values is readonly number[] {
  for (const value of values) if (typeof value !== 'number') return false
  return true
}
