/** Trainings small enough for seconds: a data set, a network, and the arguments to train one on the other. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { draws } from '../../src/tasks/training/draws.js'

/** How a data set is written: packed, of so many classes, with so many bytes cut away. */
interface Writing {
  readonly gzip?: boolean
  readonly classes?: number
  readonly cut?: number
}

/** A network for the data below. */
export const nano = {
  ...{ name: 'nano', image: { height: 8, width: 8 }, channels: 1, stem: 'plain', ratio: 4, groupWidth: 4, classes: 3 },
  stages: [
    { planes: 4, heads: 1, patch: 4, depth: 1 },
    { planes: 8, heads: 2, patch: 2, depth: 1 },
  ],
  ...{ charge: { kind: 'LIF', tau: 2 }, threshold: 1, reset: { kind: 'hard', value: 0 }, steps: 2 },
  preprocessing: { kind: 'digits' },
}

/** In a folder: writes images of 8 x 8 with a bright half that tells the class, as IDX; gives the arguments of a training. */
export const trainings = (file: (name: string) => string) => {
  const idx = (
    folder: string,
    which: string,
    count: number,
    { gzip = false, classes = 3, cut = 0 }: Writing = {},
  ): void => {
    const draw = draws(which, 1)
    const labels = Uint8Array.from({ length: count }, (_, i) => i % classes)
    const bright = [(y: number) => y < 4, (_: number, x: number) => x < 4, (y: number, x: number) => y >= 4 && x >= 4]
    const pixels = Uint8Array.from({ length: count * 64 }, (_, at) => {
      const [y, x, k] = [Math.floor(at / 8) % 8, at % 8, labels[Math.floor(at / 64)]!]
      return Math.floor(draw(at) * 60) + (bright[k % 3]!(y, x) ? 190 : 0)
    })
    const extents = (...all: readonly number[]): number[] => all.flatMap((n) => [0, 0, n >> 8, n & 255])
    const written = (name: string, bytes: Uint8Array): void =>
      writeFileSync(file(`${folder}/${name}${gzip ? '.gz' : ''}`), gzip ? gzipSync(bytes) : bytes)
    mkdirSync(file(folder), { recursive: true })
    written(`${which}-images-idx3-ubyte`, Uint8Array.of(0, 0, 8, 3, ...extents(count, 8, 8), ...pixels.slice(cut)))
    written(`${which}-labels-idx1-ubyte`, Uint8Array.of(0, 0, 8, 1, ...extents(count), ...labels))
  }
  idx('data', 'train', 24)
  idx('data', 't10k', 6)
  writeFileSync(file('nano.json'), JSON.stringify(nano))
  const train = (out: string, ...rest: readonly string[]): readonly string[] => [
    ...['train', file('data'), '--config', file('nano.json'), '--epochs', '2', '--batch', '8', '--out', file(out)],
    ...rest,
  ]
  return { idx, train }
}
