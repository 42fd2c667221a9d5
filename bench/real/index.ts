/**
 * Real modules, as npm packages ship them: one subject each.
 *
 * Each wants a process of its own: some glue keeps state in globals. The same subject can be loaded again and again.
 */
import type { RealSubject } from './subject.ts'
import { astro } from './subjects/astro.ts'
import { avif } from './subjects/avif.ts'
import { box2d } from './subjects/box2d.ts'
import { brotli } from './subjects/brotli.ts'
import { clangFormat } from './subjects/clang-format.ts'
import { dprint } from './subjects/dprint.ts'
import { draco } from './subjects/draco.ts'
import { esModuleLexer } from './subjects/es-module-lexer.ts'
import { esbuild } from './subjects/esbuild.ts'
import { ghostty } from './subjects/ghostty.ts'
import { gofmt } from './subjects/gofmt.ts'
import { graphviz } from './subjects/graphviz.ts'
import { hacl } from './subjects/hacl.ts'
import { harfbuzz } from './subjects/harfbuzz.ts'
import { hashWasm } from './subjects/hash-wasm.ts'
import { highs } from './subjects/highs.ts'
import { jpeg } from './subjects/jpeg.ts'
import { libxml2 } from './subjects/libxml2.ts'
import { lightningcss } from './subjects/lightningcss.ts'
import { llhttp } from './subjects/llhttp.ts'
import { lua } from './subjects/lua.ts'
import { lz4 } from './subjects/lz4.ts'
import { magick } from './subjects/magick.ts'
import { meshoptimizer } from './subjects/meshoptimizer.ts'
import { micropython } from './subjects/micropython.ts'
import { motely } from './subjects/motely.ts'
import { mp3 } from './subjects/mp3.ts'
import { mupdf } from './subjects/mupdf.ts'
import { oniguruma } from './subjects/oniguruma.ts'
import { oxc } from './subjects/oxc.ts'
import { pandoc } from './subjects/pandoc.ts'
import { photon } from './subjects/photon.ts'
import { png } from './subjects/png.ts'
import { postgres } from './subjects/postgres.ts'
import { python } from './subjects/python.ts'
import { quickjs } from './subjects/quickjs.ts'
import { rapier } from './subjects/rapier.ts'
import { rdkit } from './subjects/rdkit.ts'
import { re2 } from './subjects/re2.ts'
import { redact } from './subjects/redact.ts'
import { resvg } from './subjects/resvg.ts'
import { rregex } from './subjects/rregex.ts'
import { sha256 } from './subjects/sha256.ts'
import { sodium } from './subjects/sodium.ts'
import { sourceMap } from './subjects/source-map.ts'
import { sqlite } from './subjects/sqlite.ts'
import { swc } from './subjects/swc.ts'
import { tiktoken } from './subjects/tiktoken.ts'
import { trealla } from './subjects/trealla.ts'
import { treeSitter } from './subjects/tree-sitter.ts'
import { uxn } from './subjects/uxn.ts'
import { webp } from './subjects/webp.ts'
import { yoga } from './subjects/yoga.ts'
import { zstd } from './subjects/zstd.ts'
import { zxing } from './subjects/zxing.ts'

export const SUBJECTS: readonly RealSubject[] = [
  astro,
  avif,
  box2d,
  brotli,
  clangFormat,
  dprint,
  draco,
  esModuleLexer,
  esbuild,
  ghostty,
  gofmt,
  graphviz,
  hacl,
  harfbuzz,
  hashWasm,
  highs,
  jpeg,
  libxml2,
  lightningcss,
  llhttp,
  lua,
  lz4,
  magick,
  meshoptimizer,
  micropython,
  motely,
  mp3,
  mupdf,
  oniguruma,
  oxc,
  pandoc,
  photon,
  png,
  postgres,
  python,
  quickjs,
  rapier,
  rdkit,
  re2,
  redact,
  resvg,
  rregex,
  sha256,
  sodium,
  sourceMap,
  sqlite,
  swc,
  tiktoken,
  trealla,
  treeSitter,
  uxn,
  webp,
  yoga,
  zstd,
  zxing,
]

/** @throws Error for an id that no subject has */
export function chosen(ids: readonly string[]): readonly RealSubject[] {
  if (ids.length === 0) return SUBJECTS
  return ids.map((id) => {
    const subject = SUBJECTS.find((each) => each.id === id)
    if (subject === undefined) throw new Error(`there is no subject "${id}"; there are ${SUBJECTS.map((each) => each.id).join(', ')}`)
    return subject
  })
}
