// AssemblyScript's abort: its message is printed, and then it exits or traps, as the shim has it.
console.log('about to abort')
const items: i32[] = [1, 2, 3]
console.log(items[process.argv.length + 5].toString())
