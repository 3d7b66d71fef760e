/** The extents of a layer as the kernels are told, and how much scratch memory they need. @module */
import type { Shape } from '../../core/tensor.js'
import type { Convolution } from '../../model/kernels.js'
import { BLOCK } from '../machine/layout.js'
import { PACKED, TILE } from '../machine/pairs.js'
import { blocksOf } from './pack.js'

/** A convolution that meets maps of one size. */
export interface Geometry {
  readonly height: number
  readonly width: number
  readonly groups: number
  readonly inGroup: number
  readonly outGroup: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly stride: number
  readonly padding: number
  readonly outHeight: number
  readonly outWidth: number
}

/** The geometry of a convolution from maps to maps, `[T, B, channels, height, width]`. */
export const geometryOf = ({ weight, stride, padding, groups }: Convolution, from: Shape, to: Shape): Geometry => ({
  height: from[3]!,
  width: from[4]!,
  groups,
  inGroup: weight.shape[1]!,
  outGroup: weight.shape[0]! / groups,
  kernelHeight: weight.shape[2]!,
  kernelWidth: weight.shape[3]!,
  stride,
  padding,
  outHeight: to[3]!,
  outWidth: to[4]!,
})

/** An attention product's: each head a group, one tap, each position on its own. */
export const productGeometry = (positions: number, heads: number, terms: number, width: number): Geometry => ({
  ...{ height: positions, width: 1, groups: heads, inGroup: terms, outGroup: width },
  ...{ kernelHeight: 1, kernelWidth: 1, stride: 1, padding: 0, outHeight: positions, outWidth: 1 },
})

/** In the order of the kernels' parameters. */
export const argumentsOf = (of: Geometry): readonly number[] => [
  ...[of.height, of.width, of.groups, of.inGroup, of.outGroup, of.kernelHeight, of.kernelWidth, of.stride, of.padding],
  ...[of.outHeight, of.outWidth],
]

/** Rows of sums with the zeros that stand around them, so that each tap of each input has one. */
const framed = (size: number, kernel: number, stride: number, padding: number, outSize: number): number =>
  Math.ceil(Math.max(0, kernel - 1 - padding) / stride) +
  outSize +
  Math.max(0, Math.floor((size - 1 + padding) / stride) - (outSize - 1))

const framedPositions = (of: Geometry): number =>
  framed(of.height, of.kernelHeight, of.stride, of.padding, of.outHeight) *
  framed(of.width, of.kernelWidth, of.stride, of.padding, of.outWidth)

const ROOM = 256

/** So many lists of the pairs of so many times eight inputs, and where each begins. */
const listed = (lists: number, eights: number): number => 4 * (lists + 1) + lists * eights * BLOCK

/** For `contract`: of the inputs, and of the outputs that are computed together. */
export const contractScratch = (of: Geometry): number =>
  ROOM +
  listed(of.height * of.width, blocksOf(of.inGroup, 8)) +
  listed(TILE, of.kernelHeight * of.kernelWidth * blocksOf(of.inGroup, 8))

/** For `inputsOf`. */
export const inputsScratch = (of: Geometry): number => {
  const line = 16 * of.outWidth * of.outGroup
  const packed = Math.min(of.outHeight, Math.max(Math.floor(PACKED / line), Math.ceil(of.kernelHeight / of.stride)))
  return ROOM + 4 * of.stride * of.stride + of.height * of.width * (8 + 12 * of.kernelHeight) + packed * line
}

/** For `weightsOf` so many frames. */
export const weightsScratch = (of: Geometry, frames: number): number => {
  const [rows, columns] = [Math.ceil(of.height / of.stride), Math.ceil(of.width / of.stride)]
  const starts = 4 * of.stride * of.stride * (of.inGroup + 1)
  const masks = frames * rows * blocksOf(columns, 8) * BLOCK * (1 + blocksOf(of.inGroup, BLOCK))
  const lists = 4 * frames * of.height * of.width * of.inGroup
  return ROOM + 64 * frames * framedPositions(of) + starts + masks + lists
}

/** How many frames' events are listed together: lists of a few hundred positions. */
export const framesTogether = (of: Geometry, frames: number): number =>
  Math.max(1, Math.min(frames, Math.floor(512 / (of.height * of.width))))
