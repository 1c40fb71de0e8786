import { readFileSync } from 'node:fs'
import { fromHex } from '../../src/util/bytes.ts'

/** Frames captured from a Linux kernel, by name: see the file's head. */
export const linuxFrames: ReadonlyMap<string, Uint8Array> = new Map(
  readFileSync(new URL('../vectors/linux-frames.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name, hex] = line.split(' ')
      return [name, fromHex(hex)]
    }),
)

export function linuxFrame(name: string): Uint8Array {
  const frame = linuxFrames.get(name)
  if (frame === undefined) throw new Error(`no frame is called ${name}`)
  return frame
}
