/** The whole network: stem, stages, head; over T steps or one frame at a time. @module */
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as State from 'fp-ts/lib/State.js'
import { dssa } from './dssa.js'
import { gwsffn, layer } from './gwsffn.js'
import type { Kernels, Membranes, Stateful } from './kernels.js'
import type { NetworkParameters } from './parameters.js'

/** A network whose parameters are applied. Logits are `[T, B, classes]`, one row a step. */
export interface Network<C> {
  /** `[T, B, c, H, W]` frames to the stem's current; a still image is one frame. */
  readonly embed: (frames: C) => C
  /** The stem's current, held for `steps` steps. */
  readonly hold: (steps: number) => (current: C) => C
  /** The stem's current to the logits, threading the membranes. */
  readonly respond: (current: C) => Stateful<C, C>
}

type Chain<C> = (input: C) => Stateful<C, C>

const inOrder = <C>(parts: readonly Chain<C>[]): Chain<C> =>
  parts.reduce<Chain<C>>(
    (before, part) => (input) => pipe(before(input), State.chain(part)),
    (input) => State.of(input),
  )

/**
 * The network of the paper's figure 2: three stages of blocks, each dual spike self-attention and then a group-wise
 * feed-forward network; between stages `BN(Conv3x3 stride 2 (SN(x)))`; head: mean over positions, linear.
 *
 * Applying the kernels and the parameters is the compile step; the same text serves every interpreter.
 *
 * @example
 * const net = network(reference('float32'))(parameters)
 * forward(net)(1)(image) // => forwardFrames(net)(image)
 */
export const network =
  <S, C>(K: Kernels<S, C>) =>
  (p: NetworkParameters): Network<C> => {
    const stages = p.stages.flatMap(({ downsample, blocks }, L): readonly Chain<C>[] => [
      ...(downsample === null ? [] : [layer(K.scope(`layers.${L}.0`))('activation', 'conv', downsample)]),
      ...blocks.flatMap(({ attention, feedForward, index }) => [
        dssa(K.scope(`layers.${L}.${index}`))(attention),
        gwsffn(K.scope(`layers.${L}.${index + 1}`))(feedForward),
      ]),
    ])
    const head = flow(K.scope('pool').meanPool, K.scope('classifier').classify(p.classifier))
    return {
      embed: K.scope('prologue').stem(p.stem),
      hold: K.scope('hold').hold,
      respond: flow(inOrder(stages), State.map(head)),
    }
  }

/** Runs from rest: no membrane recorded, so every neuron starts at its reset value. */
export const fromRest = <C, A>(run: Stateful<C, A>): A => State.evaluate<Membranes<C>>(new Map<string, C>())(run)

/** The logits of a still image `[1, B, c, H, W]` at each of T steps; the stem runs once. */
export const still =
  <C>({ embed, hold, respond }: Network<C>) =>
  (steps: number): ((image: C) => Stateful<C, C>) =>
    flow(embed, hold(steps), respond)

/**
 * The logits of a chunk of frames `[T, B, c, H, W]`. A chunk of one frame is streaming: the membranes it returns go
 * into the next call, and any split of a sequence into chunks gives the same bits.
 *
 * @example
 * const net = network(reference('float32'))(parameters)
 * const [, membranes] = step(net)(image)(new Map())
 * step(net)(image)(membranes)[0].data // => fromRest(still(net)(2)(image)).data.slice(10)
 */
export const step = <C>({ embed, respond }: Network<C>): ((frames: C) => Stateful<C, C>) => flow(embed, respond)

/** The logits of T steps from rest, of a still image held for `steps` steps. */
export const forward =
  <C>(net: Network<C>) =>
  (steps: number): ((image: C) => C) =>
    flow(still(net)(steps), fromRest)

/** The logits of a sequence of frames from rest. */
export const forwardFrames = <C>(net: Network<C>): ((frames: C) => C) => flow(step(net), fromRest)
