/**
 * V8's own limits on what a module may hold. It would refuse more than this anyway; refusing first bounds
 * the memory that reading a hostile module takes (a type of three bytes becomes an object of a hundred).
 */
export const ENGINE_LIMITS = {
  types: 1_000_000,
  functions: 1_000_000,
  imports: 1_000_000,
  exports: 1_000_000,
  globals: 1_000_000,
  tags: 1_000_000,
  tables: 100_000,
  memories: 100_000,
  dataSegments: 100_000,
  params: 1_000,
  results: 1_000,
  fields: 10_000,
  locals: 50_000,
  /** Of one `br_table`. */
  branches: 65_520,
  /** V8 takes ten million; tools write a few. */
  elementSegments: 1_000_000,
  /** V8 has no limit of its own here; tools write a dozen. */
  customSections: 1_000_000,
} as const
