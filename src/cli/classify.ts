/** `classify`: images in; classes, spikes and energy out. @module */
import { Command, Option } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile } from '../core/fault.js'
import { digits } from '../model/config.js'
import type { Parameters } from '../model/parameters.js'
import type { KernelOptions } from '../tasks/choice.js'
import { type Result, resultOf } from '../tasks/classification.js'
import type { Sample } from '../tasks/samples.js'
import { bundledNetwork, loadNetwork, readText } from './checkpoint.js'
import { drawResult } from './draw.js'
import { readSamples, testDigits } from './inputs.js'
import type { Io, Perform } from './io.js'
import { chooseKernels } from './kernels.js'
import { kernelOptions, type NetworkOptions, networkOptions, whole } from './options.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly checkpoint?: string
  readonly labels?: string
  readonly top: number
  readonly count: number
  readonly invert?: true
  readonly json?: true
}

/** The labels of a file, one a line, as many as the network has classes. */
export const parseLabels =
  (classes: number) =>
  (text: string): Either.Either<Faults, readonly string[]> => {
    const labels = text.replace(/\r?\n$/, '').split(/\r?\n/)
    return labels.length === classes
      ? Either.right(labels)
      : Either.left([
          {
            _tag: 'Input',
            problem: `it has ${labels.length} labels, but the network has ${classes} classes`,
            advice: 'give one label a line',
          },
        ])
  }

const labelsFor = (
  { labels }: Options,
  { config }: Parameters,
): TaskEither.TaskEither<Faults, readonly string[] | null> =>
  labels !== undefined
    ? pipe(
        readText(labels),
        TaskEither.chain((text) =>
          pipe(TaskEither.fromEither(parseLabels(config.classes)(text)), TaskEither.mapLeft(inFile(labels))),
        ),
      )
    : TaskEither.right(config.name === digits.name && config.classes === 10 ? [...'0123456789'] : null)

/** The samples of each input; without inputs, a few of the bundled digits. */
const groups = (
  inputs: readonly string[],
  { invert, steps, count }: Options,
  { config }: Parameters,
): readonly TaskEither.TaskEither<Faults, readonly Sample[]>[] =>
  inputs.length > 0
    ? inputs.map(readSamples(config, { invert: invert === true, steps: steps ?? null }))
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
    options.checkpoint === undefined ? bundledNetwork(options, io) : loadNetwork(options, io)(options.checkpoint),
    TaskEither.bindTo('parameters'),
    TaskEither.bind('labels', ({ parameters }) => labelsFor(options, parameters)),
    TaskEither.bind('chosen', () => chooseKernels('quick', options, io)),
    TaskEither.chain(({ parameters, labels, chosen }) => {
      const stages = parameters.config.stages.length
      const each = groups(inputs, options, parameters)
      const { run, stop } = watched(io, chosen, parameters, each.length)
      const classify = (sample: Sample, ofSamples: number): TaskEither.TaskEither<Faults, Classified> =>
        pipe(
          run(sample.input, ofSamples),
          TaskEither.map((outcome) => {
            const result = resultOf(sample, outcome, labels, { top: options.top, stages, chosen })
            return { result, lines: drawResult(io.colour)(result, outcome.logits, sample.digit) }
          }),
        )
      return pipe(
        each,
        TaskEither.traverseSeqArray(
          TaskEither.chain((samples) =>
            pipe(
              samples,
              TaskEither.traverseSeqArray((sample) => classify(sample, samples.length)),
            ),
          ),
        ),
        stop,
        TaskEither.map((grouped) => grouped.flat()),
        TaskEither.map((all) =>
          options.json
            ? `${JSON.stringify(
                all.map(({ result }) => result),
                null,
                2,
              )}\n`
            : `${all.map(({ lines }) => lines.join('\n')).join('\n\n')}\n`,
        ),
      )
    }),
  )

/** The command. */
export const classifyCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
    networkOptions(
      new Command('classify')
        .description('classify images, and count the spikes and the energy it takes')
        .argument(
          '[inputs...]',
          'PNG or JPEG images, or safetensors files with a tensor input; without any, bundled digits',
        )
        .option(
          '--checkpoint <file>',
          'the trained network, .safetensors or .pth (default: the bundled digits network)',
        ),
    ),
  )
    .option('--labels <file>', 'the names of the classes, one a line')
    .addOption(new Option('--top <k>', 'how many classes to show').argParser(whole(1)).default(3))
    .addOption(new Option('--count <n>', 'how many bundled digits to show').argParser(whole(1, 360)).default(4))
    .option('--invert', 'for the digits network: the images are dark ink on bright paper')
    .option('--json', 'print an array of one object an image')
    .addHelpText(
      'after',
      `
An image is resized, cropped and normalised as the authors do for evaluation; for the digits network it is averaged to
8 x 8 greys. A tensor input is taken as it is: [B, C, H, W] still images, or [B, T, C, H, W] one frame a step;
a file with the columns t, x, y, p of a recording's events is integrated into the network's steps.

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
