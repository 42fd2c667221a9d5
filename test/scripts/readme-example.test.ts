import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstExample } from '../../scripts/readme-example.ts'

test('takes the first JavaScript block and what it says it prints', () => {
  const readme = '# x\n```sh\nnpm ci\n```\n```js\nconsole.log(1) // prints: 1\n// prints: a b\n```\n```js\nthrow 0\n```\n'
  assert.deepEqual(firstExample(readme), { fileName: 'example.mjs', code: 'console.log(1) // prints: 1\n// prints: a b\n', prints: ['1', 'a b'] })
})

test('a TypeScript block is run as TypeScript', () => {
  assert.equal(firstExample('```ts\nconst a: number = 1\n```\n').fileName, 'example.mts')
})

test('a README without an example is an error', () => {
  assert.throws(() => firstExample('# x\n```sh\nls\n```\n'), /no JavaScript/)
})
