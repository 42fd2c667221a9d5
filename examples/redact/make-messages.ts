/**
 * Makes the text that the example redacts: support chat and log lines, one message a line. Everything in it is made up:
 * reserved domains, keys with EXAMPLE in them, card numbers that payment providers publish for tests.
 *
 * Seeded, so that `npm run fixtures` always writes the same `messages.txt`.
 */

import { SeededRandom } from './random.ts'
import { card, email, handle, key, notAKey, orderNumber, token } from './secrets.ts'
import { TEMPLATES } from './templates.ts'

const SEED = 2025
const SIZE = 350_000
const NAMES = ['Anna', 'Ben Adeyemi', 'Chiara', 'Dmitri', 'Elif Yılmaz', 'Fátima', 'George', 'Hana Nováková', 'Inès', 'Jürgen Müller', 'Kofi', '美咲', 'Søren']

export interface Messages {
  readonly text: string
  /** What is in the text and has to go. Near misses are not counted: they have to stay. */
  readonly planted: { readonly emails: number; readonly keys: number; readonly cards: number }
}

export function makeMessages(): Messages {
  const random = new SeededRandom(SEED)
  const planted = { emails: 0, keys: 0, cards: 0 }
  const slots = { ...secretSlots(random, planted), ...plainSlots(random) }
  const lines: string[] = []
  for (let size = 0; size < SIZE; ) {
    const line = random.pick(TEMPLATES).replace(/\{(\w+)\}/g, (_, name: string) => slots[name as keyof typeof slots]())
    lines.push(line)
    size += Buffer.byteLength(line) + 1
  }
  return { text: `${lines.join('\n')}\n`, planted }
}

function secretSlots(random: SeededRandom, planted: { emails: number; keys: number; cards: number }) {
  return {
    email: () => {
      planted.emails += 1
      return email(random)
    },
    // For text without spaces: an accent right before the @ part would be taken for part of the sentence, and the other way round.
    asciiEmail: () => {
      planted.emails += 1
      return `customer${random.below(1000)}@example.com`
    },
    key: () => {
      planted.keys += 1
      return key(random)
    },
    token: () => {
      planted.keys += 1
      return token(random)
    },
    card: () => {
      planted.cards += 1
      return card(random)
    },
  }
}

function plainSlots(random: SeededRandom) {
  const two = (below: number): string => String(random.below(below)).padStart(2, '0')
  return {
    order: () => orderNumber(random),
    handle: () => handle(random),
    notKey: () => notAKey(random),
    name: () => random.pick(NAMES),
    number: () => String(1 + random.below(random.pick([9, 90, 9000]))),
    price: () => `${random.below(500)}.${two(100)} €`,
    hex: () => random.string('0123456789abcdef', 32),
    date: () => `2025-0${1 + random.below(9)}-${String(1 + random.below(28)).padStart(2, '0')}`,
    time: () => `${two(24)}:${two(60)}:${two(60)}`,
    milliseconds: () => String(1_735_689_600_000 + random.below(20_000_000) * 1000 + random.below(1000)),
  }
}
