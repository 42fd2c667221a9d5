/** The first example of a README, as a program. */

import { codeBlocksOf } from './markdown.ts'

export interface Example {
  /** A name that tells Node what it is. */
  readonly fileName: string
  readonly code: string
  /** What `// prints: ...` comments say it prints, a line each; empty if it does not say. */
  readonly prints: readonly string[]
}

export function firstExample(markdown: string): Example {
  const block = codeBlocksOf(markdown).find(({ language }) => /^(js|mjs|javascript|ts|mts|typescript)$/.test(language))
  if (block === undefined) throw new Error('The README has no JavaScript or TypeScript block.')
  const prints = [...block.code.matchAll(/\/\/ prints: ?(.*)$/gm)].map((match) => (match[1] as string).trimEnd())
  return { fileName: `example.${/^m?t/.test(block.language) ? 'mts' : 'mjs'}`, code: block.code, prints }
}
