/** `evaluate`: the accuracy of a network on the bundled test digits. @module */
import { Argument, Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import type { Parameters } from '../model/parameters.js'
import { type Cost, energy, total } from '../observers/ledger.js'
import { bundledNetwork, loadNetwork } from './checkpoint.js'
import { type Sample, testDigits } from './inputs.js'
import type { Io, Perform } from './io.js'
import { type Chosen, chooseKernels } from './kernels.js'
import { type KernelOptions, kernelOptions, type NetworkOptions, networkOptions } from './options.js'
import { count, joules, percent, table } from './render.js'
import { topOf } from './result.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly checkpoint?: string
  readonly json?: true
}

/** How often each class was taken for each: row the truth, column the prediction. */
export const confusionOf = (
  classes: number,
  truths: readonly number[],
  predictions: readonly number[],
): readonly (readonly number[])[] => {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  truths.forEach((truth, i) => {
    matrix[truth]![predictions[i]!]! += 1
  })
  return matrix
}

const evaluation = (parameters: Parameters, samples: readonly Sample[], chosen: Chosen, runs: readonly Run[]) => {
  const predictions = runs.map(({ logits }) => topOf(logits, 1, null)[0]!.class)
  const labels = samples.map(({ truth }) => truth!)
  const correct = predictions.filter((k, i) => k === labels[i]).length
  const mean = (of: (cost: Cost) => number): number => runs.reduce((sum, { cost }) => sum + of(cost), 0) / runs.length
  return {
    dataset: 'digits',
    accuracy: correct / samples.length,
    correct,
    total: samples.length,
    predictions,
    labels,
    confusion: confusionOf(parameters.config.classes, labels, predictions),
    meanSpikes: mean(({ spikes }) => spikes),
    firingRate: mean(({ spikes, neurons }) => spikes / neurons),
    meanSops: mean(({ sops }) => sops),
    meanEnergyJoules: mean((cost) => energy(cost).synaptic),
    meanEnergyWithStemJoules: mean((cost) => energy(cost).withStem),
    steps: parameters.config.steps,
    precision: chosen.precision,
    kernels: chosen.name,
    threads: chosen.threads,
    logits: runs.map(({ logits }) => logits),
  }
}

interface Run {
  readonly logits: readonly number[]
  readonly cost: Cost
}

type Evaluation = ReturnType<typeof evaluation>

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
    options.checkpoint === undefined ? bundledNetwork(options) : loadNetwork(options)(options.checkpoint),
    TaskEither.bindTo('parameters'),
    TaskEither.bind('samples', ({ parameters }) => testDigits(parameters.config)),
    TaskEither.bind('chosen', () => chooseKernels('exact', options, io)),
    TaskEither.chain(({ parameters, samples, chosen }) => {
      const { run, stop } = watched(io, chosen, parameters, 1)
      const measured = async ({ input }: Sample): Promise<Run> => {
        const { logits, notes } = await run(input, samples.length)
        return { logits, cost: total(notes) }
      }
      return pipe(
        samples,
        TaskEither.traverseSeqArray((sample) => TaskEither.fromTask(() => measured(sample))),
        TaskEither.map((runs) => evaluation(parameters, samples, chosen, runs)),
        stop,
        TaskEither.map((e) => (options.json ? `${JSON.stringify(e)}\n` : draw(e))),
      )
    }),
  )

/** The command. */
export const evaluateCommand = (io: Io, perform: Perform): Command =>
  kernelOptions(
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
