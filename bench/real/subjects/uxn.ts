import { load } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

type Uxn = { Uxn: new () => { init(system: object): Promise<void>; load(rom: Uint8Array): { eval(): void } } }
interface Utilities {
  asm(source: string): Uint8Array
  mux(uxn: object, devices: object): object
}

/** Prints the primes below a limit: the example of the package's README. */
const PRIMES = `
|0100 ( -> ) @reset
  #2000 #0001
  &loop
    DUP2 not-prime ?&skip
      DUP2 print/short #2018 DEO
      &skip
    INC2 NEQ2k ?&loop
  POP2 POP2
  #0a18 DEO
BRK

@not-prime ( number* -- flag )
  DUP2 ,&t STR2
  ( range ) #01 SFT2 #0002 LTH2k ?&fail
  &loop
    [ LIT2 &t $2 ] OVR2 ( mod2 ) DIV2k MUL2 SUB2 ORA ?&continue
      &fail POP2 POP2 #01 JMP2r &continue
    INC2 GTH2k ?&loop
  POP2 POP2 #00
JMP2r

@print ( short* -- )
  &short ( short* -- ) SWP print/byte
  &byte  ( byte   -- ) DUP #04 SFT print/char
  &char  ( char   -- ) #0f AND DUP #09 GTH #27 MUL ADD #30 ADD #18 DEO
JMP2r`

export const uxn: RealSubject = {
  id: 'uxn',
  label: 'uxn.wasm: a virtual machine that looks for primes',
  toolchain: 'WebAssembly text by a script',
  async load() {
    const { Uxn } = await load<Uxn>('uxn.wasm')
    const { asm, mux } = await load<Utilities>('uxn.wasm/util')
    const machine = new Uxn()
    let output = ''
    const console = {
      dei: () => 0,
      deo(address: number, value: number) {
        if ((address & 0xf) === 8) output += String.fromCharCode(value)
      },
    }
    await machine.init(mux(machine, { 16: console }))
    const rom = asm(PRIMES)
    return {
      run() {
        output = ''
        machine.load(rom).eval()
        return digest(output)
      },
    }
  },
}
