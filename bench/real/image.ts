/** A picture to encode: gradients, edges and noise, as photographs have them. */
import { SeededRandom } from '../../examples/redact/random.ts'

export interface Picture {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number
}

export function picture(width: number, height: number): Picture {
  const random = new SeededRandom(7)
  const data = new Uint8ClampedArray(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x - width / 3, y - height / 2) < height / 4
      const red = inside ? 200 - (y * 100) / height : (x * 255) / width
      const wave = 60 * Math.sin(x / 9) * Math.cos(y / 13)
      data.set([red + random.below(12), 120 + wave + random.below(12), (y * 255) / height + random.below(12), 255], (y * width + x) * 4)
    }
  }
  return { data, width, height }
}

/** What browsers have and image decoders make; Node has none. */
class ImageDataStandIn implements Picture {
  readonly data: Uint8ClampedArray
  readonly width: number
  readonly height: number

  constructor(data: Uint8ClampedArray, width: number, height = data.length / 4 / width) {
    this.data = data
    this.width = width
    this.height = height
  }
}

Object.assign(globalThis, { ImageData: globalThis.ImageData ?? ImageDataStandIn })
