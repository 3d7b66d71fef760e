/**
 * Where values lie in the linear memory: sixteen channels a block.
 *
 * A value of shape `[T, B, channels, positions]` has one row of channels a step, sample and position. Spikes take one
 * bit a channel and lie row by row, ready to be listed; currents take four bytes and lie block by block (all positions
 * of sixteen channels, then the next sixteen), since layers are computed so; a few lie row by row. Channels come in
 * runs, each padded to whole blocks: a feature map is one run, an attention map one run a head. A view may also be a
 * part of another value (half of each head of `splitHeads`) or stand still in time (`hold`: a step stride of zero), so
 * those operations cost nothing.
 * @module
 */
import type { Numbers, Shape } from '../../core/tensor.js'

/** Channels in a block: four registers of four float32. */
export const BLOCK = 16

/** Rounds up to whole blocks. */
export const padded = (channels: number): number => Math.ceil(channels / BLOCK) * BLOCK

/** How the channels of a row lie: channel c is at `floor(c / run) * runStride + c % run`. */
export interface Channels {
  readonly channels: number
  readonly run: number
  readonly runStride: number
}

/** A value in memory; strides and offset in bytes. */
export interface View extends Channels {
  readonly carries: 'currents' | 'spikes'
  readonly buffer: number
  readonly offset: number
  readonly steps: number
  readonly batch: number
  readonly positions: number
  readonly stepStride: number
  readonly batchStride: number
  /** From one position to the next. */
  readonly rowStride: number
  /** From sixteen channels to the next sixteen. */
  readonly blockStride: number
}

/** `runs` runs of `run` channels, each padded to whole blocks; runs that need no padding make one long run. */
export const runsOf = (runs: number, run: number): Channels =>
  run % BLOCK === 0 || runs === 1
    ? { channels: runs * run, run: runs * run, runStride: padded(runs * run) }
    : { channels: runs * run, run, runStride: padded(run) }

/** Whether two values have the same channels in the same places. */
export const sameChannels = (a: Channels, b: Channels): boolean =>
  a.channels === b.channels && a.run === b.run && (a.run === a.channels || a.runStride === b.runStride)

/** Where channel c of a row lies, in channels. */
export const channelAt = ({ run, runStride }: Channels, c: number): number =>
  Math.floor(c / run) * runStride + (c % run)

/** The blocks of a row: where each starts, in channels, and how many of its sixteen are real. */
export const blocksOf = ({ channels, run, runStride }: Channels): readonly (readonly [at: number, real: number])[] =>
  Array.from({ length: channels / run }, (_, r) =>
    Array.from(
      { length: padded(run) / BLOCK },
      (__, k) => [r * runStride + k * BLOCK, Math.min(BLOCK, run - k * BLOCK)] as const,
    ),
  ).flat()

/** Steps, samples, channels and positions of a shape `[T, B, C, ...]`, or `[B, C, ...]` where `timed` is false. */
export const extents = (
  shape: Shape,
  timed = true,
): { readonly steps: number; readonly batch: number; readonly channels: number; readonly positions: number } => {
  const [steps = 1, batch = 1, channels = 1, ...rest] = timed ? shape : [1, ...shape]
  return { steps, batch, channels, positions: rest.reduce((product, n) => product * n, 1) }
}

/**
 * A fresh value in a buffer of its own, and the bytes it takes (a block more, so that whole blocks can be read).
 *
 * @param byRows - whether currents lie row by row
 */
export const viewIn = (
  buffer: number,
  carries: View['carries'],
  { steps, batch, positions }: { readonly steps: number; readonly batch: number; readonly positions: number },
  layout: Channels,
  byRows = false,
): readonly [view: View, bytes: number] => {
  const width = (layout.channels / layout.run) * layout.runStride
  const rowBytes = carries === 'currents' ? width * 4 : width / 8
  const blockBytes = carries === 'currents' ? BLOCK * 4 : BLOCK / 8
  const blocked = carries === 'currents' && !byRows
  const rowStride = blocked ? blockBytes : rowBytes
  const blockStride = blocked ? positions * blockBytes : blockBytes
  const batchStride = positions * rowBytes
  const stepStride = batch * batchStride
  const view: View = {
    carries,
    buffer,
    offset: 0,
    steps,
    batch,
    positions,
    stepStride,
    batchStride,
    rowStride,
    blockStride,
    channels: layout.channels,
    run: layout.run,
    runStride: layout.runStride,
  }
  return [view, steps * stepStride + BLOCK * 4]
}

/** The typed arrays over one linear memory. */
export interface Bytes {
  readonly u8: Uint8Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly f32: Float32Array
}

/** The typed arrays over a buffer. */
export const bytesOf = (buffer: ArrayBufferLike): Bytes => ({
  u8: new Uint8Array(buffer),
  u16: new Uint16Array(buffer),
  i32: new Int32Array(buffer),
  f32: new Float32Array(buffer),
})

/** Whether the sixteen channels of a block are followed by the next sixteen. */
export const liesByRows = ({ blockStride }: View): boolean => blockStride === BLOCK * 4

/** Where a channel address lies in a row of currents, in bytes. */
export const currentAt = (view: View, at: number): number =>
  liesByRows(view) ? at * 4 : Math.floor(at / BLOCK) * view.blockStride + (at % BLOCK) * 4

/** Calls `each(first element, address of position 0, channel)` for every channel of every frame, row-major. */
const visit = (view: View, base: number, each: (i: number, frame: number, c: number) => void): void => {
  let i = 0
  for (let t = 0; t < view.steps; t++)
    for (let b = 0; b < view.batch; b++) {
      const frame = base + view.offset + t * view.stepStride + b * view.batchStride
      for (let c = 0; c < view.channels; c++, i += view.positions) each(i, frame, c)
    }
}

/** Writes row-major numbers into a view whose buffer starts at `base`. */
export const writeView = ({ u8, f32 }: Bytes, view: View, base: number, data: Numbers): void => {
  const { positions, rowStride } = view
  if (view.carries === 'currents') {
    const step = rowStride >> 2
    visit(view, base, (i, frame, c) => {
      let to = (frame + currentAt(view, channelAt(view, c))) >> 2
      for (let p = 0; p < positions; p++, to += step) f32[to] = Number(data[i + p])
    })
    return
  }
  u8.fill(0, base + view.offset, base + view.offset + view.steps * view.stepStride)
  visit(view, base, (i, frame, c) => {
    const at = channelAt(view, c)
    let to = frame + (at >> 3)
    for (let p = 0; p < positions; p++, to += rowStride) if (data[i + p]) u8[to]! |= 1 << (at & 7)
  })
}

/** Reads a view as row-major numbers: a fresh array. */
export const readView = ({ u8, f32 }: Bytes, view: View, base: number): Float32Array | Uint8Array => {
  const { positions, rowStride } = view
  const length = view.steps * view.batch * view.channels * positions
  if (view.carries === 'currents') {
    const step = rowStride >> 2
    const out = new Float32Array(length)
    visit(view, base, (i, frame, c) => {
      let from = (frame + currentAt(view, channelAt(view, c))) >> 2
      for (let p = 0; p < positions; p++, from += step) out[i + p] = f32[from]!
    })
    return out
  }
  const out = new Uint8Array(length)
  visit(view, base, (i, frame, c) => {
    const at = channelAt(view, c)
    let from = frame + (at >> 3)
    for (let p = 0; p < positions; p++, from += rowStride) out[i + p] = (u8[from]! >> (at & 7)) & 1
  })
  return out
}
