/** `evaluate`: the accuracy of a network on the bundled test digits. @module */

import { Argument, Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile, refuse } from '../core/fault.js'
import { total } from '../observers/ledger.js'
import { chooseNetwork, type KernelOptions } from '../tasks/choice.js'
import { type Evaluated, type Evaluation, evaluation } from '../tasks/evaluation.js'
import { finiteOutcome } from '../tasks/run.js'
import type { Sample } from '../tasks/samples.js'
import { bundledNetwork, loadNetwork } from './checkpoint.js'
import { testDigits } from './inputs.js'
import type { Io, Perform } from './io.js'
import { noted } from './kernels.js'
import { kernelOptions, type NetworkOptions, networkOptions } from './options.js'
import { count, joules, percent, table } from './render.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly checkpoint?: string
  readonly json?: true
}

const draw = (e: Evaluation): string =>
  [
    `accuracy ${percent(e.accuracy)}: ${e.correct} of ${e.total} test digits`,
    '',
    ...table(
      [['is \\ read as'], ...e.confusion.map((_, k): [string, 'right'] => [String(k), 'right'])],
      e.confusion.map((row, k) => [String(k), ...row.map((n) => (n === 0 ? '·' : String(n)))]),
    ),
    '',
    `a digit: ${count(Math.round(e.meanSpikes))} spikes, firing rate ${percent(e.firingRate)}, ${count(e.meanSops)} SOPs`,
    `energy ${joules(e.meanEnergyJoules)}, ${joules(e.meanEnergyWithStemJoules)} with the stem and the classifier`,
    '',
  ].join('\n')

const evaluated = (options: Options, io: Io): TaskEither.TaskEither<Faults, string> =>
  pipe(
    options.checkpoint === undefined ? bundledNetwork(options, io) : loadNetwork(options, io)(options.checkpoint),
    TaskEither.filterOrElse(
      ({ config }) => config.classes === 10,
      ({ config }): Faults =>
        refuse(`the network has ${config.classes} classes, but the digits have 10`, 'give a network for digits'),
    ),
    TaskEither.bindTo('parameters'),
    TaskEither.bind('samples', ({ parameters }) => testDigits(parameters.config)),
    TaskEither.bind('chosen', ({ parameters }) => noted(io)(chooseNetwork('exact', options)(parameters))),
    TaskEither.chain(({ parameters, samples, chosen }) => {
      const { run, stop } = watched(io, chosen.way, parameters, 1, true)
      const measured = ({ name, input }: Sample): TaskEither.TaskEither<Faults, Evaluated> =>
        pipe(
          run(input, samples.length),
          TaskEither.mapLeft(inFile(name)),
          TaskEither.chainEitherK(finiteOutcome(name)),
          TaskEither.map(({ logits, notes }) => ({ logits, cost: total(notes) })),
        )
      return pipe(
        samples,
        TaskEither.traverseSeqArray(measured),
        TaskEither.map((runs) => evaluation(parameters, samples, chosen, runs)),
        stop,
        TaskEither.map((e) => (options.json ? `${JSON.stringify(e)}\n` : draw(e))),
      )
    }),
  )

/** The command. */
export const evaluateCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
    'exact',
    networkOptions(
      new Command('evaluate')
        .description('measure the accuracy on the 360 test digits, with the confusion matrix')
        .addArgument(new Argument('<dataset>', 'the data set').choices(['digits']))
        .option('--checkpoint <file>', 'a network for digits, .safetensors or .pth (default: the bundled one)'),
    ),
  )
    .option('--json', 'print an object with the predictions and logits')
    .addHelpText(
      'after',
      `
Examples:
  $ spikingresformer evaluate digits
  $ spikingresformer evaluate digits --precision float32 --json`,
    )
    .action(async (_dataset: string, options: Options) => perform(evaluated(options, io)))
