/** From a checkpoint file and a few options to a network's parameters. @module */
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { parseConfigText } from '../checkpoint/configuration.js'
import { parseAs } from '../checkpoint/mismatch.js'
import { CONFIG } from '../checkpoint/recognise.js'
import { readRange } from '../checkpoint/source.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import { assumedPreprocessing, type Config, digits, variants } from '../model/config.js'
import type { NetworkParameters } from '../model/parameters.js'
import { bundledCheckpoint } from '../node/bundled.js'
import { withFile } from '../node/files.js'
import { type Checkpoint, readWeights } from '../node/weights.js'
import { labelsIn } from '../tasks/labels.js'
import { configurationOf, resized, type Said, untrainedSize } from '../tasks/load.js'
import { CIRCUMSTANCES } from '../tasks/training/circumstances.js'
import { type Io, printable } from './io.js'
import type { NetworkOptions } from './options.js'

/** A text file. */
export const readText: (path: string) => TaskEither.TaskEither<Faults, string> = withFile((source) =>
  pipe(
    readRange(source, 0, source.size),
    TaskEither.map((bytes) => new TextDecoder().decode(bytes)),
  ),
)

/** A configuration file. */
export const readConfig = (path: string): TaskEither.TaskEither<Faults, Config> =>
  pipe(
    readText(path),
    TaskEither.chain((text) => pipe(TaskEither.fromEither(parseConfigText(text)), TaskEither.mapLeft(inFile(path)))),
  )

/** A checkpoint; what was chosen in it and left out is said on `io.err`. */
export const readNoted =
  (io: Io, weights: string | undefined) =>
  (path: string): TaskEither.TaskEither<Faults, Checkpoint> =>
    pipe(
      readWeights({ weights: weights ?? null })(path),
      TaskEither.filterOrElse(
        ({ metadata }) => !Object.hasOwn(metadata, CIRCUMSTANCES),
        (): Faults =>
          inFile(path)(refuse('it is the state of a training, not a network', 'give network.safetensors beside it')),
      ),
      TaskEither.map((checkpoint) => {
        for (const note of checkpoint.notes) io.err(`note: ${printable(`${path}: ${note}`)}\n`)
        return checkpoint
      }),
    )

/** Which network the options say it is. */
export const saidBy = ({ variant, config }: NetworkOptions): TaskEither.TaskEither<Faults, Said> =>
  variant !== undefined
    ? TaskEither.right({ variant: variants[variant]! })
    : config !== undefined
      ? pipe(
          readConfig(config),
          TaskEither.map((own) => ({ config: own })),
        )
      : TaskEither.right({})

/** A network, and what its classes are called, where its checkpoint says it. */
export interface Named {
  readonly parameters: NetworkParameters
  readonly labels: readonly string[] | null
}

/**
 * The network in a checkpoint file, and what its classes are called; a fault of the file's own names the file, one of the
 * options does not.
 */
export const loadNamed =
  (options: NetworkOptions, io: Io) =>
  (path: string): TaskEither.TaskEither<Faults, Named> => {
    const ofFile = TaskEither.mapLeft(inFile(path))
    return pipe(
      readNoted(io, options.weights)(path),
      TaskEither.bindTo('checkpoint'),
      TaskEither.bind('said', () => saidBy(options)),
      TaskEither.bind('own', ({ checkpoint, said }) =>
        ofFile(TaskEither.fromEither(configurationOf(said)(checkpoint))),
      ),
      TaskEither.bind('config', ({ own }) => TaskEither.fromEither(resized(options)(own))),
      TaskEither.chainFirstIOK(({ checkpoint, own, config }) => () => {
        const untrained = untrainedSize(own)(config)
        if (untrained !== null) io.err(`note: ${printable(`${path}: ${untrained}`)}\n`)
        const assumed =
          CONFIG in checkpoint.metadata || options.preprocessing !== undefined ? null : assumedPreprocessing(config)
        if (assumed !== null) io.err(`note: ${printable(`${path}: ${assumed}`)}\n`)
      }),
      TaskEither.bind('parameters', ({ checkpoint, config }) =>
        ofFile(TaskEither.fromEither(parseAs(config)(checkpoint.tensors))),
      ),
      TaskEither.map(({ checkpoint, config, parameters }) => {
        const { labels, note } = labelsIn(config.classes)(checkpoint.metadata)
        if (note !== null) io.err(`note: ${printable(`${path}: ${note}`)}\n`)
        return { parameters, labels }
      }),
    )
  }

/** The network in a checkpoint file. */
export const loadNetwork = (
  options: NetworkOptions,
  io: Io,
): ((path: string) => TaskEither.TaskEither<Faults, NetworkParameters>) =>
  flow(
    loadNamed(options, io),
    TaskEither.map(({ parameters }) => parameters),
  )

/** The network that comes with the package: handwritten digits. */
export const bundledNetwork = (options: NetworkOptions, io: Io): TaskEither.TaskEither<Faults, NetworkParameters> =>
  pipe(bundledCheckpoint, TaskEither.chain(loadNetwork({ ...options, variant: digits.name }, io)))

/** The network in the file that is named, or the bundled one. */
export const networkFrom = (
  { checkpoint, ...options }: NetworkOptions & { readonly checkpoint?: string },
  io: Io,
): TaskEither.TaskEither<Faults, Named> =>
  checkpoint === undefined
    ? pipe(
        bundledNetwork(options, io),
        TaskEither.map((parameters) => ({ parameters, labels: null })),
      )
    : loadNamed(options, io)(checkpoint)
