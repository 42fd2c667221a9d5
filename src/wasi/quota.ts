/** What the files in memory may take, all together. */
import { WasiError } from './errno.ts'

export class Quota {
  /** Also the most that one file may be long, holes included. */
  readonly mostBytes: number
  #bytes: number
  #files: number

  constructor(bytes: number, files: number) {
    this.mostBytes = bytes
    this.#bytes = bytes
    this.#files = files
  }

  /** @throws WasiError `nospc` */
  takeBytes(bytes: number): void {
    if (bytes > this.#bytes) throw new WasiError('nospc')
    this.#bytes -= bytes
  }

  giveBytes(bytes: number): void {
    this.#bytes += bytes
  }

  /** One more file, directory, symlink or hard link. @throws WasiError `nospc` */
  takeFile(): void {
    if (this.#files === 0) throw new WasiError('nospc')
    this.#files--
  }

  giveFile(): void {
    this.#files++
  }
}
