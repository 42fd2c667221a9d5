/** A plugin in AssemblyScript: the convention is in docs/plugins.md. */

// ---- The convention ---------------------------------------------------------

/** The host reads it after the function has returned; then it is there until the next one. */
let output = new ArrayBuffer(0)

export function alloc(length: i32): usize {
  return heap.alloc(length)
}

export function free(address: usize, length: i32): void {
  heap.free(address)
}

const IS_MESSAGE: u64 = 1 << 31

function pack(address: usize, length: i32): u64 {
  return ((<u64>address) << 32) | length
}

function packText(text: string): u64 {
  output = String.UTF8.encode(text)
  return pack(changetype<usize>(output), output.byteLength)
}

// ---- What it does -----------------------------------------------------------

/** Text in, text out: each digit becomes a star. In place, since the input is the plugin's own until it is freed. */
export function mask(address: usize, length: i32): u64 {
  for (let at = address; at < address + length; at += 1) if (isDigit(load<u8>(at))) store<u8>(at, 0x2a)
  return pack(address, length)
}

/** JSON in, JSON out: `[1, 2, 3]` becomes `{"count":3,"sum":6}`. Anything but an array of whole numbers is an error. */
export function sum(address: usize, length: i32): u64 {
  const numbers = new Numbers(address, address + length)
  if (!numbers.add()) return packText(`expected an array of whole numbers, but not at byte ${numbers.at - address}`) | IS_MESSAGE
  return packText(`{"count":${numbers.count},"sum":${numbers.total}}`)
}

function isDigit(code: u8): bool {
  return code >= 0x30 && code <= 0x39
}

/** A real plugin would have a library read its JSON. */
class Numbers {
  count: i32 = 0
  total: i64 = 0

  constructor(
    public at: usize,
    private end: usize,
  ) {}

  /** Are there numbers, and nothing else? If not, `at` is where. */
  add(): bool {
    this.skipSpaces()
    if (!this.take(0x5b)) return false
    this.skipSpaces()
    if (!this.take(0x5d))
      while (true) {
        if (!this.addNumber()) return false
        this.skipSpaces()
        if (this.take(0x5d)) break
        if (!this.take(0x2c)) return false
        this.skipSpaces()
      }
    this.skipSpaces()
    return this.at === this.end
  }

  private addNumber(): bool {
    const isNegative = this.take(0x2d)
    const start = this.at
    let value: i64 = 0
    for (; this.at < this.end && isDigit(load<u8>(this.at)); this.at += 1) value = value * 10 + (load<u8>(this.at) - 0x30)
    if (this.at === start) return false
    this.total += isNegative ? -value : value
    this.count += 1
    return true
  }

  private skipSpaces(): void {
    while (this.at < this.end && isSpace(load<u8>(this.at))) this.at += 1
  }

  private take(code: u8): bool {
    if (this.at === this.end || load<u8>(this.at) !== code) return false
    this.at += 1
    return true
  }
}

function isSpace(code: u8): bool {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
