/** `trace`: every layer's spikes of a synthetic network, as hashes to compare a port with. @module */
import { Argument, Command, Option } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { syntheticCheckpoint, syntheticInput } from '../checkpoint/synthetic.js'
import type { Faults } from '../core/fault.js'
import type { Size } from '../core/tensor.js'
import { networkInput } from '../input/batch.js'
import { validate, variants } from '../model/config.js'
import { parse } from '../model/parameters.js'
import { writeSafetensors } from '../node/files.js'
import { sha256 } from '../node/hash.js'
import { chooseInterpreter, type KernelOptions } from '../tasks/choice.js'
import { beginning, followed, goldenRow, valuesOf } from '../tasks/golden.js'
import { observed } from '../tasks/observed.js'
import { worth } from '../tasks/work.js'
import type { Io, Perform } from './io.js'
import { noted } from './kernels.js'
import { kernelOptions, sizeOptions, whole } from './options.js'
import { stopping } from './watched.js'

interface Options extends KernelOptions {
  readonly synthetic: number
  readonly imageSize?: Size
  readonly steps?: number
  readonly classes?: number
  readonly batch: number
  readonly frames?: true
  readonly values?: string
  readonly chunk: number
}

const tracedRow = (variant: string, options: Options, io: Io): TaskEither.TaskEither<Faults, string> => {
  const { synthetic: seed, imageSize, steps, classes, batch, frames = false, values, chunk } = options
  const base = variants[variant]!
  return pipe(
    TaskEither.fromEither(
      validate({
        ...base,
        image: imageSize ?? base.image,
        steps: steps ?? base.steps,
        classes: classes ?? base.classes,
      }),
    ),
    TaskEither.bindTo('config'),
    TaskEither.bind('parameters', ({ config }) =>
      TaskEither.fromEither(parse(config)(syntheticCheckpoint(config, seed))),
    ),
    TaskEither.bind('input', ({ config: { channels, image, steps: T } }) => {
      const frame = [channels, image.height, image.width]
      const shape = frames ? [batch, T, ...frame] : [batch, ...frame]
      return TaskEither.fromEither(networkInput({ channels, ...image })(syntheticInput(shape, seed)))
    }),
    TaskEither.bind('chosen', () => noted(io)(chooseInterpreter('exact', options))),
    TaskEither.chain(({ parameters, input, chosen: { interpreter } }) => {
      const { of, all } = worth(parameters)
      const bar = io.bar(all(input))
      const tick = (path: string, steps: number): void => bar.advance(of(path, steps, input.kind))
      const go = followed(sha256(), values !== undefined)
      const run = interpreter((I) => observed(I, parameters, { chunk, keep: () => true, tick }))
      return pipe(
        TaskEither.fromTask(async () => {
          let following = beginning
          for await (const part of run(input)) following = go(following, part)
          return { following, row: goldenRow(parameters, { seed, frames, hash: sha256() }, following) }
        }),
        stopping(bar),
      )
    }),
    TaskEither.chainFirst(({ following }) =>
      values === undefined ? TaskEither.right(undefined) : writeSafetensors(values, valuesOf(following)),
    ),
    TaskEither.map(({ row }) => `${JSON.stringify(row)}\n`),
  )
}

/** The command. */
export const traceCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
    'exact',
    sizeOptions(
      new Command('trace')
        .description('run a synthetic network and print every layer as a hash, to compare a port with')
        .addArgument(new Argument('<variant>', 'the network').choices(Object.keys(variants)))
        .addOption(
          new Option(
            '--synthetic <seed>',
            'the seed of the weights and of the input (required: only synthetic networks are traced)',
          )
            .argParser(whole(0, 2 ** 32 - 1))
            .makeOptionMandatory(),
        ),
    ),
  )
    .addOption(new Option('--classes <k>', "classes (default: the variant's)").argParser(whole(1)))
    .addOption(new Option('--batch <b>', 'samples').argParser(whole(1)).default(1))
    .option('--frames', 'a different frame at every step, instead of one still image')
    .option('--values <file>', 'also write every intermediate value, as safetensors')
    .addOption(
      new Option('--chunk <n>', 'steps computed together: any number gives the same bits')
        .argParser(whole(1))
        .default(1),
    )
    .addHelpText(
      'after',
      `
Prints one JSON object: for each neuron layer, in the order of execution, the number of spikes and the SHA-256 of the
spikes as bytes; the synaptic operations (SOPs) of each operation; the logits; then the SHA-256 of everything: each
tensor that --values writes, in the order of execution, and the membranes after the last step. The first that differs
is where a port first goes wrong: "spikingresformer compare" tells it, and of two --values files the numbers.

Examples:
  $ spikingresformer trace cifar --synthetic 7 --batch 2
  $ spikingresformer trace dvsg --synthetic 7 --steps 6 --frames --values values.safetensors`,
    )
    .action(async (variant: string, options: Options) => perform(tracedRow(variant, options, io)))
