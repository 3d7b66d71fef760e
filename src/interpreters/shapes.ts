/** The shapes of a network without computing it: checks that everything fits. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Faults, refuse } from '../core/fault.js'
import { type Shape, sameShape, showShape } from '../core/tensor.js'
import { convolved } from '../core/window.js'
import type { Convolution, Kernels } from '../model/kernels.js'

/** A shape, or why there is none. */
export type Checked = Either.Either<Faults, Shape>

const unfit = (problem: string): Checked =>
  Either.left(refuse(problem, 'the shapes of neighbouring operations must agree'))

const convolvedShape =
  ({ weight, stride, padding, groups }: Convolution) =>
  (shape: Shape): Checked => {
    const [out, inGroup, kh, kw] = weight.shape as readonly [number, number, number, number]
    const [T, B, C, H, W] = shape as readonly [number, number, number, number, number]
    if (shape.length !== 5 || C !== inGroup * groups)
      return unfit(`a convolution of ${inGroup * groups} channels was given ${showShape(shape)}`)
    return Either.right([T, B, out, convolved(H, kh, stride, padding), convolved(W, kw, stride, padding)])
  }

/** Every operation as a function of shapes; the first that does not fit says so, and no later one runs. */
export const shapes: Kernels<Checked, Checked> = {
  stem: ({ convolution, pool }) =>
    Either.chain((shape) =>
      pipe(
        convolvedShape(convolution)(shape),
        Either.map((embedded) =>
          pool === null
            ? embedded
            : [
                ...embedded.slice(0, 3),
                ...embedded.slice(3).map((x) => convolved(x, pool.kernel, pool.stride, pool.padding)),
              ],
        ),
      ),
    ),
  hold: (steps) => Either.map(([, ...frame]) => [steps, ...frame]),
  fire: (p) => (current) => (membranes) => [
    current,
    new Map([...membranes, [p.key, Either.map(([, ...layer]: Shape): Shape => layer)(current)]]),
  ],
  synapse: ({ convolution }) => Either.chain(convolvedShape(convolution)),
  splitHeads: (heads) => (y) => {
    const half = pipe(
      y,
      Either.chain(
        ([T, B, C2, h, w]): Checked =>
          C2! % (2 * heads) === 0
            ? Either.right([T!, B!, heads, C2! / 2 / heads, h! * w!])
            : unfit(`${C2} channels do not split into two halves of ${heads} heads`),
      ),
    )
    return [half, half]
  },
  dstT: () => (y, x) =>
    pipe(
      y,
      Either.chain(([T, B, heads, d, n]) =>
        pipe(
          x,
          Either.chain(
            ([, , C, H, W]): Checked =>
              C === heads! * d!
                ? Either.right([T!, B!, heads!, n!, H! * W!])
                : unfit(`${heads} heads of ${d} channels met ${C} channels of spikes`),
          ),
        ),
      ),
    ),
  dst: () => (y, attn) =>
    pipe(
      y,
      Either.chain(([T, B, heads, d, n]) =>
        pipe(
          attn,
          Either.chain(
            ([, , , tokens, positions]): Checked =>
              tokens === n
                ? Either.right([T!, B!, heads!, d!, positions!])
                : unfit(`${n} tokens met an attention map of ${tokens}`),
          ),
        ),
      ),
    ),
  mergeHeads: ({ height, width }) =>
    Either.chain(
      ([T, B, heads, d, positions]): Checked =>
        positions === height * width
          ? Either.right([T!, B!, heads! * d!, height, width])
          : unfit(`${positions} positions are not a feature map of ${height} x ${width}`),
    ),
  add: (a, b) =>
    pipe(
      a,
      Either.chain((one) =>
        pipe(
          b,
          Either.chain(
            (other): Checked =>
              sameShape(one, other) ? a : unfit(`a residual adds ${showShape(one)} and ${showShape(other)}`),
          ),
        ),
      ),
    ),
  meanPool: Either.map((shape) => shape.slice(0, 3)),
  classify: (weight) =>
    Either.chain(
      ([T, B, C]): Checked =>
        C === weight.shape[1]
          ? Either.right([T!, B!, weight.shape[0]!])
          : unfit(`a classifier of ${weight.shape[1]} channels was given ${C}`),
    ),
  scope: () => shapes,
}
