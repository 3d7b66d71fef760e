/** A checkpoint and an image to an answer, as the package gives it; faults as their sentences. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import {
  compileThreads,
  decodeSafetensorsSource,
  describe,
  digitSample,
  type Fault,
  type Faults,
  type Image,
  imageSample,
  layout,
  load,
  type NetworkParameters,
  type Safetensors,
  type Scored,
  type Source,
  summary,
  topOf,
  variants,
} from 'spikingresformer'
import { readPytorch } from 'spikingresformer/pytorch'
import { count } from './draw'

/** What is classified: a picture, or the 8 x 8 values of a digit. */
export type Subject =
  | { readonly kind: 'picture'; readonly name: string; readonly image: Image }
  | { readonly kind: 'digit'; readonly values: readonly number[] }

export interface Wishes {
  /** The network the checkpoint is said to hold; empty: told from its keys and shapes. */
  readonly network: string
  /** Dark ink on bright paper, for the digits network. */
  readonly invert: boolean
  /** The side of the image the network sees; 0: its own. */
  readonly side: number
}

/** What is said of a checkpoint and of what it answers. */
export interface Told {
  readonly network: string
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly notes: readonly string[]
  /** The classes of the largest logits, as means over the steps. */
  readonly top: readonly Scored[]
}

/** How far the work is: a sentence and a share. */
export type Hears = (doing: string, share: number) => void

/** The most classes shown. */
const MOST = 10

/** The most sentences shown: a checkpoint of another network has hundreds of faults. */
const SENTENCES = 5

/** Faults as a reader reads them. */
export const sentencesOf = (faults: readonly Fault[]): readonly string[] => [
  ...faults.slice(0, SENTENCES).map(describe),
  ...(faults.length > SENTENCES ? [`and ${faults.length - SENTENCES} more`] : []),
]

type Opened = Safetensors & { readonly notes: readonly string[] }

/** The tensors of a file of either kind: a zip archive or a bare pickle is PyTorch's. */
const opened =
  (source: Source): TaskEither.TaskEither<Faults, Opened> =>
  async () => {
    const start = await source.read(0, Math.min(9, source.size)).catch(() => new Uint8Array())
    const torch = (start[0] === 0x50 && start[1] === 0x4b) || (start[0] === 0x80 && start[8] !== 0x7b)
    return torch
      ? pipe(
          source,
          readPytorch(),
          TaskEither.map((read): Opened => ({ ...read, metadata: {} })),
        )()
      : pipe(
          source,
          decodeSafetensorsSource,
          TaskEither.map((read): Opened => ({ ...read, notes: [] })),
        )()
  }

const sampleOf = (parameters: NetworkParameters, subject: Subject, invert: boolean) =>
  subject.kind === 'digit'
    ? digitSample(parameters.config)('the digit', { values: [...subject.values], label: 0 })
    : imageSample(parameters.config, { invert, steps: null })(subject.name, subject.image)

/** Reads, builds and runs, telling how far it is. */
export const classified =
  (
    source: Source,
    subject: Subject,
    { network, invert, side }: Wishes,
    hears: Hears,
  ): TaskEither.TaskEither<Faults, Told> =>
  async () => {
    hears('reading the checkpoint', 0)
    const read = await opened(source)()
    if (Either.isLeft(read)) return read
    const { tensors, notes } = read.right
    hears(`${tensors.size} tensors: building the network`, 0.1)
    const variant = variants[network]
    const parameters = load({
      ...(variant === undefined ? {} : { variant }),
      ...(side > 0 ? { imageSize: { height: side, width: side } } : {}),
    })(read.right)
    if (Either.isLeft(parameters)) return parameters
    const { config } = parameters.right
    const sample = sampleOf(parameters.right, subject, invert)
    if (Either.isLeft(sample)) return sample
    const net = await compileThreads({ threads: threadsHere() })(parameters.right)()
    if (Either.isLeft(net)) return net
    const keys = layout(config).map(({ key }) => key)
    const run = await net.right.measured.still(config.steps)(sample.right.input.tensor, {
      progress: (path) => {
        const done = keys.findLastIndex((key) => key.startsWith(`${path}.`))
        if (done >= 0) hears(`computing ${path}`, 0.2 + (0.8 * done) / keys.length)
      },
    })
    net.right.close()
    return pipe(
      run,
      Either.map(([logits, costs]): Told => {
        const means = Array.from({ length: config.classes }, (_, k) => {
          let sum = 0
          for (let t = 0; t < config.steps; t++) sum += logits.data[t * config.classes + k] ?? 0
          return sum / config.steps
        })
        const { spikes, firingRate, sops, energyJoules } = summary(costs, config.stages.length)
        return {
          network: config.name,
          facts: [
            ['tensors in the file', count(tensors.size)],
            ['network', config.name],
            ['image it sees', `${config.channels} × ${config.image.height} × ${config.image.width}`],
            ['classes', count(config.classes)],
            ['steps', String(config.steps)],
            ['spikes', `${count(spikes)} (${Math.round(firingRate * 1000) / 10} % of its neurons and steps)`],
            ['synaptic operations', count(sops)],
            ['energy of these', `${Math.round(energyJoules * 1e9) / 1000} µJ`],
            ['threads', String(net.right.threads)],
          ],
          notes: [...notes, ...(net.right.notice === null ? [] : [net.right.notice])],
          top: topOf(means, Math.min(MOST, config.classes), null),
        }
      }),
    )
  }

/** Two threads where they are to be had: where memory is not shared, the package runs on one and says so. */
const threadsHere = (): number => ('WorkerGlobalScope' in globalThis ? 2 : 1)
