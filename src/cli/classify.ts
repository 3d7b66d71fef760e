/** `classify`: images in; classes, spikes and energy out. @module */
import { Command, Option } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import { isNonEmpty, separate } from 'fp-ts/lib/ReadonlyArray.js'
import * as Task from 'fp-ts/lib/Task.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Fault, type Faults, inFile } from '../core/fault.js'
import type { Size } from '../core/tensor.js'
import type { Layout } from '../input/batch.js'
import type { Split } from '../input/events.js'
import { digits } from '../model/config.js'
import type { NetworkParameters } from '../model/parameters.js'
import { chooseNetwork, type KernelOptions } from '../tasks/choice.js'
import { type Result, resultOf } from '../tasks/classification.js'
import { parseLabels } from '../tasks/labels.js'
import { finiteOutcome } from '../tasks/run.js'
import type { Sample } from '../tasks/samples.js'
import { type Named, networkFrom, readText } from './checkpoint.js'
import { drawResult } from './draw.js'
import { readSamples, testDigits } from './inputs.js'
import type { Io, Perform } from './io.js'
import { noted } from './kernels.js'
import { imageSize, kernelOptions, type NetworkOptions, networkOptions, whole } from './options.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly checkpoint?: string
  readonly labels?: string
  readonly top: number
  readonly count: number
  readonly invert?: true
  readonly json?: true
  readonly layout?: Layout
  readonly sensor?: Size
  readonly split?: Split
  readonly failFast?: true
}

const labelsFor = (
  { labels }: Options,
  { parameters: { config }, labels: own }: Named,
): TaskEither.TaskEither<Faults, readonly string[] | null> =>
  labels !== undefined
    ? pipe(
        readText(labels),
        TaskEither.chain((text) =>
          pipe(TaskEither.fromEither(parseLabels(config.classes)(text)), TaskEither.mapLeft(inFile(labels))),
        ),
      )
    : TaskEither.right(own ?? (config.name === digits.name && config.classes === 10 ? [...'0123456789'] : null))

/** The samples of each input; without inputs, a few of the bundled digits. */
const groups = (
  inputs: readonly string[],
  { invert, steps, count, layout, sensor, split }: Options,
  { config }: NetworkParameters,
  io: Io,
): readonly TaskEither.TaskEither<Faults, readonly Sample[]>[] =>
  inputs.length > 0
    ? inputs.map(
        readSamples(
          config,
          {
            invert: invert === true,
            steps: steps ?? null,
            layout: layout ?? null,
            sensor: sensor ?? null,
            split: split ?? null,
          },
          io,
        ),
      )
    : [
        pipe(
          testDigits(config),
          TaskEither.map((samples) => samples.slice(0, count)),
        ),
      ]

/** A result, and how it is drawn. */
interface Classified {
  readonly result: Result
  readonly lines: readonly string[]
}

const classified = (inputs: readonly string[], options: Options, io: Io): TaskEither.TaskEither<Faults, string> =>
  pipe(
    networkFrom(options, io),
    TaskEither.bind('names', (named) => labelsFor(options, named)),
    TaskEither.bind('chosen', ({ parameters }) => noted(io)(chooseNetwork('quick', options)(parameters))),
    TaskEither.chain(({ parameters, names: labels, chosen }) => {
      const stages = parameters.config.stages.length
      const each = groups(inputs, options, parameters, io)
      const { run, stop } = watched(io, chosen.way, parameters, each.length)
      const classify =
        (ofSamples: number) =>
        (sample: Sample): TaskEither.TaskEither<Faults, Classified> =>
          pipe(
            run(sample.input, ofSamples),
            TaskEither.mapLeft(inFile(sample.name)),
            TaskEither.chainEitherK(finiteOutcome(sample.name)),
            TaskEither.map((outcome) => {
              const result = resultOf(sample, outcome, labels, { top: options.top, stages, chosen })
              return { result, lines: drawResult(io.colour)(result, outcome.logits, sample.digit) }
            }),
          )
      const one = TaskEither.chain((samples: readonly Sample[]) =>
        pipe(samples, TaskEither.traverseSeqArray(classify(samples.length))),
      )
      return pipe(
        options.failFast === true
          ? pipe(
              each,
              TaskEither.traverseSeqArray(one),
              TaskEither.map((good): Sorted => ({ good: good.flat(), faults: [] })),
            )
          : TaskEither.fromTask(async (): Promise<Sorted> => {
              const { left, right } = separate(await Task.traverseSeqArray(one)(each)())
              return { good: right.flat(), faults: left.flat() }
            }),
        stop,
        TaskEither.chain(({ good, faults }) => {
          const text = shown(options, good)
          if (!isNonEmpty(faults)) return TaskEither.right(text)
          if (good.length > 0) io.out(text)
          return TaskEither.left(faults)
        }),
      )
    }),
  )

/** What went well, and what did not. */
interface Sorted {
  readonly good: readonly Classified[]
  readonly faults: readonly Fault[]
}

const shown = ({ json }: Options, all: readonly Classified[]): string =>
  json === true
    ? `${JSON.stringify(
        all.map(({ result }) => result),
        null,
        2,
      )}\n`
    : `${all.map(({ lines }) => lines.join('\n')).join('\n\n')}\n`

/** The command. */
export const classifyCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
    'quick',
    networkOptions(
      new Command('classify')
        .description('classify images, and count the spikes and the energy it takes')
        .argument(
          '[inputs...]',
          'images (PNG, JPEG, WebP, TIFF, GIF), or safetensors or NumPy files with frames or events; without any, bundled digits',
        )
        .option(
          '--checkpoint <file>',
          'the trained network, .safetensors or .pth (default: the bundled digits network)',
        ),
    ),
  )
    .option('--labels <file>', "the names of the classes, one a line or JSON (default: the checkpoint's)")
    .addOption(new Option('--layout <axes>', 'which axis of frames is time (default: told by T)').choices(['TB', 'BT']))
    .addOption(new Option('--sensor <N|HxW>', 'the size of the event camera (default: 128)').argParser(imageSize))
    .addOption(new Option('--split <by>', 'how events are split into frames').choices(['number', 'time']))
    .option('--fail-fast', 'stop at the first input that fails')
    .addOption(new Option('--top <k>', 'how many classes to show').argParser(whole(1)).default(3))
    .addOption(new Option('--count <n>', 'how many bundled digits to show').argParser(whole(1, 360)).default(4))
    .option('--invert', 'for the digits network: the images are dark ink on bright paper')
    .option('--json', 'print an array of one object an image')
    .addHelpText(
      'after',
      `
An image is resized, cropped and normalised as the network was trained (see --preprocessing); for the digits network it
is averaged to 8 x 8 greys. It is read as torchvision's loader reads it, byte for byte PIL's: alpha is
dropped, EXIF orientation is ignored (but in TIFF, which PIL turns), and of an animation or of pages the first counts. A tensor named
input is taken as it is: [B, C, H, W] still images, or frames one a step, [B, T, C, H, W] or, with
--layout TB or where only the first axis is the network's T, [T, B, C, H, W]. A recording of an event camera is frames
[T, 2, H, W] or the columns t, x, y, p, integrated into the network's steps at the sensor's size, then resized.
An input that fails is said, the others are shown, and the exit code is 1.

With --json an object has: input, top [{class, label, logit}], truth, spikes, firingRate, sops, macs, energyJoules,
energyWithStemJoules, stages [{stage, spikes, firingRate, sops}], steps, precision, kernels, threads; logits are means
over the steps.

Examples:
  $ spikingresformer classify
  $ spikingresformer classify photo.jpg --checkpoint spikingresformer_ti.pth --labels imagenet.txt
  $ spikingresformer classify seven.png --invert --json`,
    )
    .action(async (inputs: readonly string[], options: Options, command: Command) => {
      const { checkpoint, variant, config } = options
      const foreign =
        config !== undefined ? '--config' : variant !== digits.name ? variant && `--variant ${variant}` : ''
      if (checkpoint === undefined && foreign)
        command.error(
          `error: option '${foreign}' needs --checkpoint <file>: only the digits network comes with the package`,
        )
      if (inputs.length > 0 && command.getOptionValueSource('count') === 'cli')
        command.error("error: option '--count <n>' is for the bundled digits, without inputs")
      if (inputs.length === 0 && options.invert === true)
        command.error("error: option '--invert' is for images: give one")
      await perform(classified(inputs, options, io))
    })
