/** The gradients of synapses on WebAssembly SIMD: the bits of `connect('float32')`, in a memory of their own. @module */
import * as Either from 'fp-ts/lib/Either.js'
import type { Reals } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import { type Connect, type Connection, connect } from '../interpreters/gradient/bilinear.js'
import { compiledKernels } from './wasm/instance.js'
import { freshMemory, grow } from './wasm/memory.js'

type Geometry = readonly [number, number, number, number, number, number, number, number, number, number, number]

/** What the module has for gradients; see `assembly/gradient.ts`. */
interface Kernels {
  readonly transpose: (from: number, rows: number, columns: number, to: number) => void
  readonly gradientInputs: (sums: number, weights: number, inputs: number, ...geometry: Geometry) => void
  readonly gradientWeights: (sums: number, rows: number, inputs: number, ...geometry: Geometry) => void
}

/** A memory, by names of what lies in it. */
interface Room {
  readonly kernels: Kernels
  /** The places of regions of so many numbers each, 16 bytes apart at least. */
  readonly place: (...lengths: readonly number[]) => readonly number[]
  readonly view: (place: number, length: number) => Float32Array
}

/** Below it lies what the compiler put there. */
const BEGINNING = 1024

const roomOf = (module: WebAssembly.Module): Room => {
  const memory = freshMemory(false)
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  return {
    kernels: exports as unknown as Kernels,
    place: (...lengths) => {
      const places = [BEGINNING]
      for (const length of lengths) places.push(places.at(-1)! + Math.ceil(length / 4) * 16)
      grow(memory, places.at(-1)!)
      return places.slice(0, -1)
    },
    view: (place, length) => new Float32Array(memory.buffer, place, length),
  }
}

/** Rows of weights `[taps, groups, inGroup, outGroup]` as `[taps, groups, outGroup, padded]`. */
const turned = (rows: Reals, into: Float32Array, inGroup: number, outGroup: number, padded: number): void => {
  into.fill(0)
  const block = inGroup * outGroup
  for (let at = 0; at * block < rows.length; at++)
    for (let ci = 0; ci < inGroup; ci++)
      for (let co = 0; co < outGroup; co++)
        into[(at * outGroup + co) * padded + ci] = rows[at * block + ci * outGroup + co]!
}

const connecting =
  ({ kernels, place, view }: Room): Connect =>
  (connection: Connection) => {
    const { convolution, size, blocks, shared } = connection
    const { weight, stride, padding, groups } = convolution
    const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
    const [oh, ow] = [convolved(size.height, kh, stride, padding), convolved(size.width, kw, stride, padding)]
    const [positions, targets] = [size.height * size.width, oh * ow]
    const [channels, outGroup] = [groups * inGroup, out / groups]
    const padded = Math.ceil(inGroup / 4) * 4
    const rowsLength = kh * kw * channels * outGroup
    const geometry = (group: number): Geometry => [
      ...([size.height, size.width, groups, group, outGroup, kh, kw, stride, padding, oh, ow] as const),
    ]
    /** A block's numbers, channels last. */
    const turn = (
      all: Reals | Uint8Array,
      block: number,
      rows: number,
      columns: number,
      via: number,
      to: number,
    ): void => {
      view(via, rows * columns).set(all.subarray(block * rows * columns, (block + 1) * rows * columns))
      kernels.transpose(via, rows, columns, to)
    }
    const most = Math.max(channels * positions, out * targets, groups * padded * positions)
    return {
      forward: connect('float32')(connection).forward,
      toTable: (x, cotangents) => {
        const output = new Float32Array(shared ? rowsLength : blocks * rowsLength)
        const [via, inputs, sums, rows] = place(most, most, most, rowsLength) as [number, number, number, number]
        view(rows, rowsLength).fill(0)
        for (let block = 0; block < blocks; block++) {
          turn(x, block, channels, positions, via, inputs)
          turn(cotangents, block, out, targets, via, sums)
          kernels.gradientWeights(sums, rows, inputs, ...geometry(inGroup))
          if (shared) continue
          output.set(view(rows, rowsLength), block * rowsLength)
          view(rows, rowsLength).fill(0)
        }
        if (shared) output.set(view(rows, rowsLength))
        return output
      },
      toInputs: (table, cotangents) => {
        const output = new Float32Array(blocks * channels * positions)
        const length = kh * kw * groups * outGroup * padded
        const [via, inputs, sums, weights] = place(most, most, most, length) as [number, number, number, number]
        for (let block = 0; block < blocks; block++) {
          if (!shared || block === 0) {
            const own = shared ? table : table.subarray(block * rowsLength, (block + 1) * rowsLength)
            turned(own, view(weights, length), inGroup, outGroup, padded)
          }
          turn(cotangents, block, out, targets, via, sums)
          kernels.gradientInputs(sums, weights, inputs, ...geometry(padded))
          kernels.transpose(inputs, positions, groups * padded, via)
          const turnedBack = view(via, groups * padded * positions)
          for (let group = 0; group < groups; group++)
            output.set(
              turnedBack.subarray(group * padded * positions, (group * padded + inGroup) * positions),
              (block * channels + group * inGroup) * positions,
            )
        }
        return output
      },
    }
  }

/** The maps of layers in float32 on WebAssembly SIMD, or the beginning of a sentence that says why not here. */
export const wasmConnect = (): Either.Either<string, Connect> =>
  Either.map((module: WebAssembly.Module) => connecting(roomOf(module)))(compiledKernels(false))
