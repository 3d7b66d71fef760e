import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { silent } from '../../src/cli/io.js'
import { run } from '../../src/cli/program.js'
import type { Tensor } from '../../src/core/tensor.js'
import { colourType, png } from '../input/png.js'
import { right } from '../right.js'

/** What a command did: its exit code and what it wrote to each stream. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the command line inside this process. */
export const cli = async (...argv: readonly string[]): Promise<Ran> => {
  let [out, err] = ['', '']
  const code = await run(argv, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    colour: false,
    bar: () => silent,
  })
  return { code, out, err }
}

/** The JSON a command printed; a failure shows what it complained of. */
export const json = async (...argv: readonly string[]) => {
  const { code, out, err } = await cli(...argv)
  if (code !== 0) throw new Error(err)
  return JSON.parse(out)
}

/** A fresh folder, removed when the process ends. */
export const temporary = (): ((name: string) => string) => {
  const folder = mkdtempSync(join(tmpdir(), 'spikingresformer-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return (name) => join(folder, name)
}

/** Writes a safetensors file and gives its path. */
export const saved = (
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): string => {
  writeFileSync(path, right(encodeSafetensors(new Map(Object.entries(tensors)), metadata)))
  return path
}

/** A grey PNG of the given pixels, row by row. */
export const greyPng = (width: number, pixels: Uint8Array): Uint8Array => {
  const height = pixels.length / width
  const scanlines = Array.from({ length: height }, (_, y) => [0, ...pixels.subarray(y * width, (y + 1) * width)])
  return png(width, height, 8, colourType.grey, scanlines.flat())
}
