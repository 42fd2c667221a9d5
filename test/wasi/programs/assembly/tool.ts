// What AssemblyScript makes of WASI, by its WASI shim: arguments, environment, input, time, randomness, exit.

const lines = readAll().split('\n')
console.log('arguments: ' + process.argv.slice(1).join(', '))
console.log('NAME is ' + (process.env.has('NAME') ? process.env.get('NAME') : 'not set'))
let total: i64 = 0
for (let i = 0; i < lines.length; i++) if (lines[i].length > 0) total += I64.parseInt(lines[i])
console.log('the sum is ' + total.toString())
const first = Math.random(), second = Math.random()
console.log(first != second && first >= 0 && first < 1 ? 'random' : 'NOT RANDOM')
console.log(Date.now() > 1600000000000 && performance.now() > 0 ? 'the time is known' : 'NO TIME')
console.error('bye')
process.exit(i32(total % 100))

function readAll(): string {
  const buffer = new Uint8Array(16)
  let text = ''
  for (let got = process.stdin.read(buffer.buffer); got > 0; got = process.stdin.read(buffer.buffer)) text += String.UTF8.decodeUnsafe(buffer.dataStart, got)
  return text
}
