/** Made-up secrets in the shapes of real ones, and near misses: what looks like a secret at first sight and is none. */

import type { SeededRandom } from './random.ts'

const DIGITS = '0123456789'
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ALPHANUMERIC = `${CAPITALS}abcdefghijklmnopqrstuvwxyz${DIGITS}`

const PEOPLE = ['anna', 'ben', 'chiara', 'dmitri', 'elif', 'fatima', 'george', 'hana', 'ines', 'jürgen', 'kofi', 'lucía', 'mehmet', 'noor', 'olga', 'søren']
const FAMILIES = ['adeyemi', 'brown', 'castro', 'dubois', 'eriksson', 'fischer', 'garcía', 'haddad', 'ito', 'jensen', 'kowalska', 'lee', 'müller', 'novák']
// Reserved for examples: no mail sent there reaches anybody.
const DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example.com', 'support.example.co.uk', 'shop-24.example', 'post.test', 'a.b.example.org']
// Published by payment providers for tests.
const TEST_CARDS = [
  '4242424242424242',
  '4111111111111111',
  '4000056655665556',
  '5555555555554444',
  '5105105105105100',
  '2223003122003222',
  '378282246310005',
  '371449635398431',
  '6011111111111117',
  '30569309025904',
  '6205500000000000004',
]

export function email(random: SeededRandom): string {
  const person = random.pick(PEOPLE)
  const family = random.pick(FAMILIES)
  const local = random.pick([
    person,
    `${person}.${family}`,
    `${person}_${family}`,
    `${person}+${random.pick(['shop', 'news', 'refund'])}`,
    `${person}${random.below(100)}`,
  ])
  const address = `${local}@${random.pick(DOMAINS)}`
  return random.below(12) === 0 ? address.toUpperCase() : address
}

export function key(random: SeededRandom): string {
  const make = random.pick([
    () => `sk-EXAMPLE${random.string(ALPHANUMERIC, 39)}7`,
    () => `sk-proj-EXAMPLE-${random.string(ALPHANUMERIC, 24)}_4`,
    () => `AKIA${random.string(CAPITALS + DIGITS, 9)}EXAMPLE`,
    () => `ghp_EXAMPLE${random.string(ALPHANUMERIC, 29)}`,
  ])
  return make()
}

/** What follows the word Bearer. */
export function token(random: SeededRandom): string {
  const make = random.pick([
    () => `EXAMPLE.${random.string(ALPHANUMERIC, 40)}.${random.string(ALPHANUMERIC, 26)}-0`,
    () => `EXAMPLE0${random.string(ALPHANUMERIC, 20)}==`,
  ])
  return make()
}

export function card(random: SeededRandom): string {
  const number = random.pick([...TEST_CARDS, luhnValid(`400000${random.string(DIGITS, 9)}`)])
  return grouped(number, random.pick(['', ' ', '-']))
}

/** Sixteen digits like a card's whose check digit is wrong. */
export function orderNumber(random: SeededRandom): string {
  const valid = luhnValid(`4${random.string(DIGITS, 14)}`)
  const wrong = (Number(valid.at(-1)) + 1 + random.below(9)) % 10
  return grouped(`${valid.slice(0, -1)}${wrong}`, random.pick(['', ' ', '-']))
}

export function handle(random: SeededRandom): string {
  return random.pick([
    `@${random.pick(PEOPLE)}`,
    `${random.pick(PEOPLE)} @ ${random.pick(DOMAINS)}`,
    `${random.pick(PEOPLE)}@localhost`,
    `${random.below(9)}x@2.5`,
  ])
}

export function notAKey(random: SeededRandom): string {
  return random.pick([
    'sk-learn-like-classifier-settings',
    'task-force-2025-planning-notes',
    'AKIA-TODO',
    'ghp_short',
    'Bearer authentication',
    'sk-42',
    'disk-0123456789abcdef0123456789',
  ])
}

function grouped(number: string, separator: string): string {
  const groups = number.length === 15 ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)] : (number.match(/.{1,4}/g) ?? [])
  return groups.join(separator)
}

/** The digits and the check digit that belongs behind them. */
export function luhnValid(digits: string): string {
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return `${digits}${(10 - (sum % 10)) % 10}`
}
