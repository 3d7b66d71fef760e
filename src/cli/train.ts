/** `train`: a network from data, epoch by epoch, each of which leaves whole files. @module */

import { join } from 'node:path'
import { Command, Option } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import type { Tensor } from '../core/tensor.js'
import { type Config, cifar, digits, validate } from '../model/config.js'
import { configurationOf } from '../tasks/load.js'
import { MOST_THREADS, type TrainingEngine, trainingEngine } from '../tasks/training/choice.js'
import type { NamedPlan } from '../tasks/training/circumstances.js'
import { epoch, type Metrics, samplesMet, type Trained } from '../tasks/training/epoch.js'
import type { Loss } from '../tasks/training/loss.js'
import { type Recipe, type RecipeName, recipes } from '../tasks/training/recipe.js'
import { freshWeights, transferred } from '../tasks/training/weights.js'
import { readNoted, saidBy } from './checkpoint.js'
import { digitsData, type Found, folderData } from './dataset.js'
import { type Io, type Perform, printable } from './io.js'
import { type NetworkOptions, networkOptions, whole } from './options.js'
import { percent } from './render.js'
import { learnable } from './training-data.js'
import { FILES, inFolder, type Start, written } from './training-folder.js'
import { stopping } from './watched.js'

interface Options extends NetworkOptions {
  readonly epochs?: number
  readonly batch?: number
  readonly seed: number
  readonly out: string
  readonly resume?: true
  readonly recipe?: RecipeName
  readonly loss?: Loss['kind']
  readonly from?: string
  readonly classes?: number
  readonly threads: number
}

/** What training begins from: a network to transfer, or none. */
interface Beginning {
  readonly config: Config
  readonly tensors: ReadonlyMap<string, Tensor> | null
}

/** The network to train: another's, or the one that is said, or one that fits the data. */
const beginning = (options: Options, found: Found, io: Io): TaskEither.TaskEither<Faults, Beginning> =>
  options.from === undefined
    ? pipe(
        saidBy(options),
        TaskEither.map((said) => ({
          config: said.config ?? said.variant ?? (found.shape?.[0] === 1 ? digits : cifar),
          tensors: null,
        })),
      )
    : pipe(
        readNoted(io, options.weights)(options.from),
        TaskEither.bindTo('read'),
        TaskEither.bind('said', () => saidBy(options)),
        TaskEither.chainEitherK(({ read, said }) =>
          pipe(
            configurationOf(said)(read),
            Either.bimap(inFile(options.from!), (config) => ({ config, tensors: read.tensors })),
          ),
        ),
      )

/** The losses by name; with TET's numbers as the authors set them. */
const LOSSES: { readonly [K in Loss['kind']]: Loss } = {
  mean: { kind: 'mean' },
  tet: { kind: 'tet', phi: 1, lambda: 0 },
}

const recipeFor = (config: Config, { recipe = 'digits', epochs, batch, loss }: Options): Recipe => {
  const named: Recipe = recipes[recipe]
  return {
    ...named,
    steps: config.steps,
    size: config.image.height,
    epochs: epochs ?? named.epochs,
    batch: batch ?? named.batch,
    loss: loss === undefined || loss === named.loss.kind ? named.loss : LOSSES[loss],
  }
}

/** The network's configuration with the data's classes and size, and the options' own. */
const fitted = (config: Config, found: Found, options: Options): Either.Either<Faults, Config> => {
  const [channels, height, width] = found.shape ?? []
  const named = options.recipe === undefined ? null : recipes[options.recipe]
  const own = named === null ? config.image : { height: named.size, width: named.size }
  const image = options.imageSize ?? (height === undefined ? own : { height, width: width! })
  if (found.shape !== null && (channels !== config.channels || height !== image.height || width !== image.width))
    return Either.left(
      refuse(
        `the data are ${found.shape.join(' x ')}, the network takes ${config.channels} x ${image.height} x ${image.width}`,
        'give a network for them with --config, or other data',
      ),
    )
  return validate({
    ...config,
    image,
    classes: options.classes ?? found.classes,
    steps: options.steps ?? named?.steps ?? config.steps,
    preprocessing: options.preprocessing ?? config.preprocessing,
  })
}

const line = ({ epoch: number, loss, accuracy, testAccuracy }: Metrics, epochs: number, speed: number): string =>
  `epoch ${number} of ${epochs}: loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}${
    testAccuracy === null ? '' : `, test ${percent(testAccuracy)}`
  }, ${speed.toFixed(1)} images/s\n`

/** One epoch, told to the bar, and its files. */
const onward =
  (
    io: Io,
    engine: TrainingEngine,
    folder: string,
    plan: NamedPlan,
    version: string,
    advance: (samples: number) => void,
  ) =>
  (trained: Trained): TaskEither.TaskEither<Faults, Trained> =>
    pipe(
      async () => {
        const began = performance.now()
        const running = epoch(engine, plan, trained)
        for (;;) {
          const { done, value } = running.next()
          if (done)
            return pipe(
              value,
              Either.map((next) => ({ next, seconds: (performance.now() - began) / 1000 })),
            )
          advance(value)
          await new Promise(setImmediate)
        }
      },
      TaskEither.chainFirst(({ next }) => written(folder, plan, version, next)),
      TaskEither.map(({ next, seconds }) => {
        io.err(line(next.history.at(-1)!, plan.recipe.epochs, samplesMet(plan) / seconds))
        return next
      }),
    )

/** Where training begins: with the state in its folder, with another's weights, or with fresh ones. */
const startOf = (
  { resume, from }: Options,
  { config, seed }: NamedPlan,
  { tensors }: Beginning,
): Either.Either<Faults, Start> =>
  resume
    ? Either.right({ kind: 'resumed' })
    : pipe(
        tensors === null
          ? Either.right(freshWeights(config, seed))
          : pipe(transferred(config, seed)(tensors), Either.mapLeft(inFile(from!))),
        Either.map((weights): Start => ({ kind: 'fresh', weights })),
      )

const trainedWith = (io: Io, version: string, data: string, options: Options): TaskEither.TaskEither<Faults, string> =>
  pipe(
    data === 'digits' ? digitsData : folderData(data),
    TaskEither.bindTo('found'),
    TaskEither.bind('beginning', ({ found }) => beginning(options, found, io)),
    TaskEither.bind('config', ({ found, beginning: { config } }) =>
      TaskEither.fromEither(fitted(config, found, options)),
    ),
    TaskEither.bind('loaded', ({ found, config }) => found.load(config)),
    TaskEither.chainFirstEitherK(({ found, config, loaded }) => learnable(config, found, options)(loaded)),
    TaskEither.bind('plan', ({ found: { names }, config, loaded }) =>
      TaskEither.right<Faults, NamedPlan>({
        ...{ config, recipe: recipeFor(config, options), seed: options.seed, ...loaded },
        names: names?.length === config.classes ? names : null,
      }),
    ),
    TaskEither.bind('start', ({ plan, beginning: begun }) => TaskEither.fromEither(startOf(options, plan, begun))),
    TaskEither.bind('engine', () => trainingEngine(options.threads)),
    TaskEither.chain(({ plan, start, engine }) =>
      pipe(
        inFolder(
          options.out,
          plan,
          version,
          start,
        )((first) => {
          const { epochs } = plan.recipe
          if (first.history.length >= epochs) io.err(`note: all epochs are done: ${epochs}\n`)
          const bar = io.bar(Math.max(1, epochs - first.history.length) * samplesMet(plan))
          if (engine.notice !== null) io.err(`note: ${engine.notice}\n`)
          let silent = true
          const advance = (samples: number): void => {
            const memory = silent ? engine.memory() : null
            if (memory !== null) io.err(`${memory}\n`)
            silent = false
            bar.advance(samples)
          }
          const step = onward(io, engine, options.out, plan, version, advance)
          const on = (state: Trained): TaskEither.TaskEither<Faults, Trained> =>
            state.history.length >= epochs ? TaskEither.right(state) : pipe(step(state), TaskEither.chain(on))
          return pipe(on(first), stopping(bar))
        }),
        stopping({ stop: engine.close }),
      ),
    ),
    TaskEither.map(
      () =>
        `${Object.values(FILES)
          .map((name) => printable(join(options.out, name)))
          .join('\n')}\n`,
    ),
  )

/** The command. */
export const trainCommand = (io: Io, perform: Perform, version: string): Command =>
  networkOptions(
    new Command('train')
      .description('train a network: the same seed gives the same bits on every machine')
      .argument('<data>', "'digits', or a folder: of IDX files such as Fashion-MNIST's, or of images by class"),
  )
    .addOption(new Option('--recipe <name>', 'how it is trained (default: digits)').choices(Object.keys(recipes)))
    .addOption(new Option('--epochs <n>', "epochs (default: the recipe's)").argParser(whole(1)))
    .addOption(new Option('--batch <n>', "samples a step (default: the recipe's)").argParser(whole(2)))
    .addOption(new Option('--seed <n>', 'what everything is drawn from').argParser(whole(0, 2 ** 32 - 1)).default(1))
    .addOption(
      new Option('--loss <name>', "of the mean over time, or of each step (default: the recipe's)").choices([
        'mean',
        'tet',
      ]),
    )
    .option('--from <file>', 'a checkpoint to transfer: its classifier is replaced by a new one')
    .addOption(new Option('--classes <n>', "classes of the network (default: the data's)").argParser(whole(2)))
    .addOption(
      new Option('--threads <n>', 'threads; the bits are the same').argParser(whole(1, MOST_THREADS)).default(1),
    )
    .option('--out <folder>', 'where the files go', 'training')
    .option('--resume', 'go on with the training in the folder')
    .addHelpText(
      'after',
      `
After each epoch the folder has, each written whole or not at all: ${FILES.network}, the network as every command reads it
(convert makes a .pth of it); ${FILES.state}, what --resume goes on from; ${FILES.metrics}, a line an epoch;
${FILES.curves}, a drawing of them. Killed at any moment and resumed, it comes to the same bits.

A folder of images has train/ with a folder for each class, and test/ or val/ alike if there are images to test on; or the
folders of the classes alone. The classes are numbered by the names of their folders, in order. Without --from, --variant or
--config the network is that of the digits for images of one channel, else cifar.

Examples:
  $ spikingresformer train digits --epochs 1 --out digits
  $ spikingresformer train /usr/share/datasets/fashion-mnist --from digits/network.safetensors --classes 10 --out fashion`,
    )
    .action(async (data: string, options: Options) => perform(trainedWith(io, version, data, options)))
