/** Texts to work on. */
import { readFileSync } from 'node:fs'
import { text } from './packages.ts'

const MESSAGES = new URL('../../examples/redact/messages.txt', import.meta.url)

/** Log messages and mails, 350 kB at most. */
export function prose(size: number): string {
  return readFileSync(MESSAGES, 'utf8').slice(0, size)
}

/** Sources of a package, which nobody in this repository changes. */
export function typescript(copies: number): string {
  const names = ['argon2', 'bcrypt', 'blake2b', 'blake3', 'hmac', 'scrypt', 'sha3', 'whirlpool', 'WASMInterface', 'util']
  const sources = names.map((name) => text(`hash-wasm/lib/${name}.ts`).replace(/^import[\s\S]*?from.*$/gm, ''))
  // Each name at most once
  const renamed = (source: string, suffix: string) =>
    source.replace(/^(export )?(const|let|function|async function|class|interface|type) (\w+)/gm, `$1$2 $3${suffix}`)
  return Array.from({ length: copies }, (_, copy) => sources.map((source, index) => renamed(source, `_${copy}_${index}`)).join('\n')).join('\n')
}
