/** For the tests of a run: one way of guarding, which is wrong. Which one is said in the URL that this is imported by: `?a guard's name`. */
import { VARIANTS as BROKEN } from '../oracles/broken.ts'
import { VARIANTS as REAL, type Variant } from '../oracles/variants.ts'

const [real] = REAL as [Variant]

/** Depends on the module, so that a run comes to others behind it. */
const hanging: Variant = {
  ...real,
  name: 'hangs',
  prepare: (bytes) => {
    while (bytes.length % 4 === 0);
    return real.prepare(bytes)
  },
}

const dying: Variant = { ...real, name: 'dies', prepare: (bytes) => (bytes.length % 4 === 0 ? process.abort() : real.prepare(bytes)) }

const wanted = decodeURIComponent(new URL(import.meta.url).search.slice(1))

export const VARIANTS = [...BROKEN, hanging, dying].filter(({ name }) => name === wanted)
