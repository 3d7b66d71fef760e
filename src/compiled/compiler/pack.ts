/** Parameters laid out for the kernels: blocks of sixteen output channels, rows in the canonical order. @module */
import type { Reals, Tensor } from '../../core/tensor.js'
import { affineOf } from '../../interpreters/affine.js'
import type { BatchNorm, Convolution } from '../../model/kernels.js'
import type { Slab } from '../machine/events.js'
import { BLOCK, type Channels, channelAt, padded } from '../machine/layout.js'

/** One output channel's weights, rows `first` on, into every sixteenth place. A loop of its own: it compiles early. */
const packChannel = (
  packed: Float32Array,
  at: number,
  rows: number,
  data: Reals,
  from: number,
  [first, inGroup, taps, tapRows]: readonly [number, number, number, number],
): void => {
  let tap = Math.floor(first / tapRows)
  let channel = first % tapRows
  for (let to = at, end = at + rows * BLOCK; to < end; to += BLOCK) {
    if (channel < inGroup) packed[to] = data[from + channel * taps + tap]!
    if (++channel === tapRows) {
      channel = 0
      tap++
    }
  }
}

/**
 * A convolution's weights as `[group][slab][block][row][16]`, row (kernel row, kernel column, input channel) with
 * `tapRows` rows a tap; zeros for the rows past a tap's channels and the channels that fill the last block of a group.
 */
export const packConvolution = (
  { weight, groups }: Convolution,
  slabs: readonly Pick<Slab, 'first' | 'rows'>[],
  tapRows: number,
): Float32Array => {
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  const [outGroup, taps] = [out / groups, kh * kw]
  const packed = new Float32Array(groups * padded(outGroup) * tapRows * taps)
  const { data } = weight
  let at = 0
  for (let g = 0; g < groups; g++)
    for (const { first, rows } of slabs)
      for (let block = 0; block < outGroup; block += BLOCK, at += rows * BLOCK)
        for (let i = 0; i < BLOCK && block + i < outGroup; i++) {
          const from = (g * outGroup + block + i) * inGroup * taps
          packChannel(packed, at + i, rows, data, from, [first, inGroup, taps, tapRows])
        }
  return packed
}

/** A matrix `[out, in]` as a kernel of one. */
export const asConvolution = (weight: Tensor<Reals>): Convolution => ({
  key: '',
  weight: { shape: [...weight.shape, 1, 1], data: weight.data },
  stride: 1,
  padding: 0,
  groups: 1,
})

/** The same convolution in one group, with zeros where groups did not meet: a pixel times zero adds nothing. */
export const ungrouped = (convolution: Convolution): Convolution => {
  const { weight, groups } = convolution
  const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
  if (groups === 1) return convolution
  const kernel = inGroup * kh * kw
  const data = new Float64Array(out * groups * kernel)
  for (let co = 0; co < out; co++)
    data.set(
      weight.data.subarray(co * kernel, (co + 1) * kernel),
      (co * groups + Math.floor((co * groups) / out)) * kernel,
    )
  return { ...convolution, groups: 1, weight: { shape: [out, inGroup * groups, kh, kw], data } }
}

/** One number a channel where the channels lie, zeros between. */
const spread = (values: Reals, layout: Channels): Float32Array => {
  const row = new Float32Array((layout.channels / layout.run) * layout.runStride)
  for (let c = 0; c < layout.channels; c++) row[channelAt(layout, c)] = values[c]!
  return row
}

/** Batch norm's gains and shifts where the channels lie. */
export const packAffine = (
  norm: BatchNorm,
  layout: Channels,
): { readonly gain: Float32Array; readonly shift: Float32Array } => {
  const { gain, shift } = affineOf('float32')(norm)
  return { gain: spread(gain, layout), shift: spread(shift, layout) }
}
