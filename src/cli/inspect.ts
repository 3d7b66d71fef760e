/** `inspect`: what a network is made of, and what it costs. @module */
import { Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { syntheticCheckpoint, syntheticInput } from '../checkpoint/synthetic.js'
import type { Faults } from '../core/fault.js'
import { showShape } from '../core/tensor.js'
import { type NetworkInput, networkInput } from '../input/batch.js'
import { recipeOf } from '../input/evaluation.js'
import { type Config, digits, variants } from '../model/config.js'
import type { Charge, Reset } from '../model/kernels.js'
import { blank, layout, type NetworkParameters, parameterCount, parse } from '../model/parameters.js'
import { architectureOf, denseMacs } from '../tasks/architecture.js'
import { chooseNetwork, type KernelOptions } from '../tasks/choice.js'
import { type Summary, summary } from '../tasks/classification.js'
import { resized } from '../tasks/load.js'
import { takesDigits } from '../tasks/samples.js'
import { bundledNetwork, loadNetwork, readConfig } from './checkpoint.js'
import { drawActivity, drawEnergy } from './draw.js'
import { testDigits } from './inputs.js'
import type { Io, Perform } from './io.js'
import { noted } from './kernels.js'
import { kernelOptions, type NetworkOptions, networkOptions } from './options.js'
import { count, table } from './render.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly measure?: true
  readonly parameters?: true
  readonly json?: true
}

/** The seed of the weights of a network without a checkpoint, and of the input measured. */
const SEED = 7

/** A name that is no variant was meant as one as likely as a file. */
const notFound =
  (what: string) =>
  (faults: Faults): Faults =>
    faults[0]._tag === 'File'
      ? [
          {
            _tag: 'Input',
            problem: `${what} is not a variant, and no file: ${faults[0].reason}`,
            advice: `give one of ${Object.keys(variants).join(', ')}, or a file`,
          },
        ]
      : faults

/**
 * The bundled digits network, another variant or configuration (with synthetic weights where it is to be measured), or
 * a checkpoint's network.
 */
const networkOf = (what: string, options: Options, io: Io): TaskEither.TaskEither<Faults, NetworkParameters> => {
  if (what === digits.name) return bundledNetwork(options, io)
  const config: TaskEither.TaskEither<Faults, Config> | null = Object.hasOwn(variants, what)
    ? TaskEither.right(variants[what]!)
    : /\.json$/i.test(what)
      ? readConfig(what)
      : null
  return config === null
    ? pipe(loadNetwork(options, io)(what), TaskEither.mapLeft(notFound(what)))
    : pipe(
        config,
        TaskEither.chainEitherK(resized(options)),
        TaskEither.chainEitherK((valid) =>
          options.measure === undefined ? blank(valid) : parse(valid)(syntheticCheckpoint(valid, SEED)),
        ),
      )
}

const description = (parameters: NetworkParameters) => {
  const { config } = parameters
  const { stem, step } = denseMacs(parameters)
  return {
    config,
    parameters: parameterCount(config),
    denseMacs: { stem, step, run: stem + step * config.steps },
    layers: [...architectureOf(parameters)].map(([path, row]) => ({ path, ...row })),
  }
}

type Description = ReturnType<typeof description> & {
  readonly measured?: Summary
  /** Every key of a checkpoint. */
  readonly keys?: ReturnType<typeof layout>
}

/** Operations that only lay out or add what others gave. */
const LAYOUT: ReadonlySet<string> = new Set(['hold', 'splitHeads', 'mergeHeads', 'add'])

const charging = (charge: Charge): string => {
  switch (charge.kind) {
    case 'LIF':
      return `LIF tau ${charge.tau}`
    case 'IF':
    case 'PLIF':
      return charge.kind
  }
}

const resetting = (reset: Reset): string => {
  switch (reset.kind) {
    case 'hard':
      return `hard reset to ${reset.value}`
    case 'soft':
      return 'soft reset'
  }
}

const neurons = ({ charge, threshold, reset }: Config): string =>
  `${charging(charge)}, threshold ${threshold}, ${resetting(reset)}`

const images = ({ preprocessing }: Config): string => {
  const recipe = recipeOf(preprocessing)
  return recipe === null
    ? preprocessing.kind
    : `${preprocessing.kind}: ${recipe.interpolation}, crop ${recipe.crop}, mean ${recipe.mean.map(short).join(' ')}, deviation ${recipe.deviation.map(short).join(' ')}`
}

const short = (value: number): string => String(Number(value.toFixed(4)))

const draw = ({ config, parameters, denseMacs: macs, layers, measured, keys }: Description): string => {
  const { name, image, channels, classes, steps } = config
  const rows = layers
    .filter(({ operation }) => !LAYOUT.has(operation))
    .map(({ path, operation, output, weight, denseMacs: cost }) => [
      path,
      operation,
      showShape(output),
      weight === null ? '' : showShape(weight),
      cost === 0 ? '' : count(cost),
    ])
  return [
    `SpikingResformer ${name}: ${channels} x ${image.height} x ${image.width}, ${classes} classes, T = ${steps}`,
    `neurons: ${neurons(config)}`,
    `images: ${images(config)}`,
    '',
    ...table([['layer'], ['operation'], ['output [T, B, ...]'], ['weight'], ['dense MACs', 'right']], rows),
    '',
    `parameters: ${parameters.all.toLocaleString('en')} (${parameters.withoutBatchNorm.toLocaleString('en')} without batch norm)`,
    `dense multiply-accumulates: ${count(macs.stem)} in the stem, ${count(macs.step)} a step, ${count(macs.run)} in all`,
    ...(keys === undefined
      ? []
      : [
          '',
          ...table(
            [['key'], ['role'], ['shape']],
            keys.map(({ key, role, shape }) => [key, role, shape.length === 0 ? 'scalar' : showShape(shape)]),
          ),
        ]),
    ...(measured === undefined ? [] : ['', 'measured on one input:', ...drawActivity(measured), drawEnergy(measured)]),
    '',
  ].join('\n')
}

/** The input to measure: the first test digit where the network takes digits, else a synthetic image. */
const inputFor = (config: Config): TaskEither.TaskEither<Faults, NetworkInput> => {
  const { channels, image } = config
  return takesDigits(config)
    ? pipe(
        testDigits(config),
        TaskEither.map(([first]) => first!.input),
      )
    : TaskEither.fromEither(
        networkInput({ channels, ...image })(syntheticInput([1, channels, image.height, image.width], SEED)),
      )
}

const measure = (
  parameters: NetworkParameters,
  options: Options,
  io: Io,
): TaskEither.TaskEither<Faults, Summary | undefined> =>
  options.measure === undefined
    ? TaskEither.right(undefined)
    : pipe(
        TaskEither.Do,
        TaskEither.bind('sample', () => inputFor(parameters.config)),
        TaskEither.bind('chosen', () => noted(io)(chooseNetwork('quick', options)(parameters))),
        TaskEither.chain(({ sample, chosen }) => {
          const { run, stop } = watched(io, chosen.way, parameters, 1)
          return stop(run(sample, 1))
        }),
        TaskEither.map(({ notes }) => summary(notes, parameters.config.stages.length)),
      )

const inspected = (what: string, options: Options, io: Io): TaskEither.TaskEither<Faults, string> =>
  pipe(
    networkOf(what, options, io),
    TaskEither.chain((parameters) =>
      pipe(
        measure(parameters, options, io),
        TaskEither.map(
          (measured): Description => ({
            ...description(parameters),
            ...(options.parameters === undefined ? {} : { keys: layout(parameters.config) }),
            ...(measured === undefined ? {} : { measured }),
          }),
        ),
      ),
    ),
    TaskEither.map((all) => (options.json ? `${JSON.stringify(all, null, 2)}\n` : draw(all))),
  )

/** The command. */
export const inspectCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
    'quick',
    networkOptions(
      new Command('inspect')
        .description('show the architecture of a network, its parameters and what it costs')
        .argument(
          '<network>',
          `a variant (${Object.keys(variants).join(', ')}), a configuration in .json, or a checkpoint file`,
        ),
    ),
  )
    .option('--measure', 'run one synthetic input and count its spikes, SOPs and energy')
    .option('--parameters', 'list every key of a checkpoint, with its role and shape')
    .option('--json', 'print an object; layers have the geometry of every convolution')
    .addHelpText(
      'after',
      `
A configuration is a JSON object with the fields that --json shows under "config"; with "extends": "ti" those left out
are the variant's.

Examples:
  $ spikingresformer inspect ti
  $ spikingresformer inspect s --image-size 288 --measure
  $ spikingresformer inspect cifar --parameters
  $ spikingresformer inspect checkpoint.pth --variant cifar --json`,
    )
    .action(async (what: string, options: Options, command: Command) => {
      const given = options.variant === undefined ? options.config && '--config <file>' : '--variant <name>'
      if (given && (Object.hasOwn(variants, what) || /\.json$/i.test(what)))
        command.error(`error: option '${given}' is for a checkpoint file, and ${what} is not one`)
      await perform(inspected(what, options, io))
    })
