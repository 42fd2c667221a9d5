/** Features of the engine that some subjects need and Node 22 does not have. */

// biome-ignore format: one section a line
const PROBES = {
  /** (module (table i64 0 funcref) (memory i64 0)) */
  memory64: [
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
    0x04, 0x04, 0x01, 0x70, 0x04, 0x00,
    0x05, 0x03, 0x01, 0x04, 0x00,
  ],
}

export type Feature = keyof typeof PROBES

export function has(feature: Feature): boolean {
  return WebAssembly.validate(new Uint8Array(PROBES[feature]))
}
