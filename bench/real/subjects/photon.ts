import { picture } from '../image.ts'
import { loadCommonJs } from '../packages.ts'
import { digest, type RealSubject } from '../subject.ts'

interface Image {
  get_raw_pixels(): Uint8Array
  free(): void
}
interface Photon {
  PhotonImage: new (pixels: Uint8Array, width: number, height: number) => Image
  resize(image: Image, width: number, height: number, filter: number): Image
  gaussian_blur(image: Image, radius: number): void
  sobel_horizontal(image: Image): void
  hue_rotate_hsl(image: Image, degrees: number): void
  oil(image: Image, radius: number, intensity: number): void
}

const LANCZOS = 5

export const photon: RealSubject = {
  id: 'photon',
  label: '@silvia-odwyer/photon-node: resize and filter an image',
  toolchain: 'Rust, wasm-bindgen',
  async load() {
    const photon = loadCommonJs<Photon>('@silvia-odwyer/photon-node')
    const { data, width, height } = picture(400, 400)
    return {
      run() {
        const image = new photon.PhotonImage(new Uint8Array(data.buffer as ArrayBuffer), width, height)
        photon.hue_rotate_hsl(image, 40)
        photon.gaussian_blur(image, 3)
        const small = photon.resize(image, 240, 240, LANCZOS)
        photon.sobel_horizontal(small)
        const output = digest(image.get_raw_pixels(), small.get_raw_pixels())
        image.free()
        small.free()
        return output
      },
    }
  },
}
