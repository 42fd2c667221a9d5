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

  /** Files, directories, symlinks or hard links more. @throws WasiError `nospc` */
  takeFiles(count: number): void {
    if (count > this.#files) throw new WasiError('nospc')
    this.#files -= count
  }

  giveFile(): void {
    this.#files++
  }
}
