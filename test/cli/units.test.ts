import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counted, formatCount, formatSize, parseDuration, parseFuel, parseSize } from '../../src/cli/units.ts'

test('durations have a unit, or are milliseconds', () => {
  const cases = { '50': 50, '50ms': 50, '0': 0, '1.5s': 1500, '.5s': 500, '2m': 120_000, '1h': 3_600_000, '250us': 0.25, ' 5 ms ': 5, '5MS': undefined }
  for (const [text, ms] of Object.entries(cases)) assert.equal(parseDuration(text), ms, text)
})

test('what is no duration is refused', () => {
  for (const text of ['', 'ms', '-5', '5x', '1e3', '5 5', '1m30s', 'Infinity', 'NaN', '0x10', '5constructor', '1,5s', '9'.repeat(400)])
    assert.equal(parseDuration(text), undefined, text)
})

test('sizes have a unit of 1024 or 1000, or are bytes', () => {
  const cases = {
    '65536': 65_536,
    '64KiB': 65_536,
    '64kib': 65_536,
    '16MiB': 16_777_216,
    '16MB': 16_000_000,
    '1GiB': 1_073_741_824,
    '1.5KiB': 1536,
    '12B': 12,
    '0': 0,
    '1TiB': 2 ** 40,
  }
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseSize(text), bytes, text)
})

test('what is no size is refused: 16M might be either, half a byte is none', () => {
  for (const text of ['', '16M', '16K', '-1', '0.5', '1.0001KiB', 'MiB', '1e6', '99999999TiB', '1toString']) assert.equal(parseSize(text), undefined, text)
})

test('fuel is a whole number of any size', () => {
  assert.deepEqual([parseFuel('0'), parseFuel('1000000'), parseFuel('9'.repeat(30))], [0n, 1_000_000n, BigInt('9'.repeat(30))])
  for (const text of ['', '-1', '1.5', '1e6', '0x10', '1_000', ' 1', '10k']) assert.equal(parseFuel(text), undefined, text)
})

test('sizes are printed in powers of 1024, counts with commas', () => {
  assert.deepEqual([0, 1, 1023, 65_536, 1_310_720, 2 ** 32, 2 ** 60].map(formatSize), [
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '64 KiB',
    '1.3 MiB',
    '4 GiB',
    '1 EiB',
  ])
  assert.deepEqual([0, 999, 1234, 12_345_678n].map(formatCount), ['0', '999', '1,234', '12,345,678'])
  assert.deepEqual(
    [0, 1, 2n, 1n].map((count) => counted(count, 'page')),
    ['0 pages', '1 page', '2 pages', '1 page'],
  )
})
