/** The image codecs of Squoosh, as the `@jsquash` packages ship them: Emscripten's glue, given a module that is compiled already. */
import './image.ts'
import type { Picture } from './image.ts'
import { file, load } from './packages.ts'

interface Coder<F> {
  init(module: WebAssembly.Module): Promise<void>
  default: F
}

export interface Codec {
  encode(picture: Picture, options?: object): Promise<ArrayBuffer>
  decode(bytes: ArrayBuffer): Promise<Picture>
}

/** @param encoder and `decoder`: paths of their modules in the package */
export async function loadCodec(name: string, encoder: string, decoder: string): Promise<Codec> {
  const start = async <F>(side: string, path: string): Promise<F> => {
    const coder = await load<Coder<F>>(`@jsquash/${name}/${side}.js`)
    await coder.init(new WebAssembly.Module(file(`@jsquash/${name}/codec/${path}`)))
    return coder.default
  }
  return { encode: await start('encode', encoder), decode: await start('decode', decoder) }
}
