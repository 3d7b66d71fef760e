/** `evaluate`: the accuracy of a network on test data. @module */

import { Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { type Faults, inFile } from '../core/fault.js'
import { total } from '../observers/ledger.js'
import { chooseNetwork, type KernelOptions } from '../tasks/choice.js'
import { type Evaluated, type Evaluation, evaluation } from '../tasks/evaluation.js'
import { finiteOutcome } from '../tasks/run.js'
import type { Sample } from '../tasks/samples.js'
import { networkFrom } from './checkpoint.js'
import { shortLabel } from './draw.js'
import type { Io, Perform } from './io.js'
import { noted } from './kernels.js'
import { kernelOptions, type NetworkOptions, networkOptions } from './options.js'
import { count, joules, percent, table } from './render.js'
import { testData } from './test-data.js'
import { watched } from './watched.js'

interface Options extends NetworkOptions, KernelOptions {
  readonly checkpoint?: string
  readonly json?: true
}

/** A matrix of more classes is wider than any terminal: of those the most frequent confusions are listed. */
const WIDEST = 20
const MOST = 10

const labelOf = (names: readonly string[] | null, k: number): string =>
  names === null ? String(k) : `${k} ${shortLabel(names[k]!)}`

const drawConfusion = ({ confusion, names }: Evaluation): readonly string[] => {
  if (confusion.length <= WIDEST)
    return table(
      [['is \\ read as'], ...confusion.map((_, k): [string, 'right'] => [String(k), 'right'])],
      confusion.map((row, k) => [labelOf(names, k), ...row.map((n) => (n === 0 ? '·' : String(n)))]),
    )
  const wrong = confusion
    .flatMap((row, is) => row.map((times, as) => ({ is, as, times })))
    .filter(({ is, as, times }) => is !== as && times > 0)
    .sort((a, b) => b.times - a.times || a.is - b.is || a.as - b.as)
  return table(
    [['is'], ['read as'], ['times', 'right']],
    wrong.slice(0, MOST).map(({ is, as, times }) => [labelOf(names, is), labelOf(names, as), String(times)]),
  )
}

const draw = (e: Evaluation): string => {
  const [one, many] = e.dataset === 'digits' ? ['a digit', 'test digits'] : ['an image', 'test images']
  return [
    `accuracy ${percent(e.accuracy)}: ${e.correct} of ${e.total} ${many}`,
    '',
    ...drawConfusion(e),
    '',
    `${one}: ${count(Math.round(e.meanSpikes))} spikes, firing rate ${percent(e.firingRate)}, ${count(e.meanSops)} SOPs`,
    `energy ${joules(e.meanEnergyJoules)}, ${joules(e.meanEnergyWithStemJoules)} with the stem and the classifier`,
    '',
  ].join('\n')
}

const evaluated = (dataset: string, options: Options, io: Io): TaskEither.TaskEither<Faults, string> =>
  pipe(
    networkFrom(options, io),
    TaskEither.bindTo('named'),
    TaskEither.bind('data', ({ named }) => testData(dataset)(named)),
    TaskEither.bind('chosen', ({ named }) => noted(io)(chooseNetwork('exact', options)(named.parameters))),
    TaskEither.chain(({ named: { parameters }, data: { samples, labels }, chosen }) => {
      const { run, stop } = watched(io, chosen.way, parameters, 1, true)
      const measured = ({ name, input, truth }: Sample): TaskEither.TaskEither<Faults, Evaluated> =>
        pipe(
          run(input, samples.length),
          TaskEither.mapLeft(inFile(name)),
          TaskEither.chainEitherK(finiteOutcome(name)),
          TaskEither.map(({ logits, notes }) => ({ truth: truth!, logits, cost: total(notes) })),
        )
      return pipe(
        samples,
        TaskEither.traverseSeqArray(TaskEither.chain(measured)),
        TaskEither.map((runs) => evaluation(dataset, labels, parameters, chosen, runs)),
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
        .description('measure the accuracy on test data, with the confusion matrix')
        .argument(
          '<data>',
          "'digits', the 360 bundled ones; or a folder, as train takes it: of IDX files, or of images by class",
        )
        .option('--checkpoint <file>', 'the network, .safetensors or .pth (default: the bundled one, for digits)'),
    ),
  )
    .option('--json', 'print an object with the predictions and logits')
    .addHelpText(
      'after',
      `
Of a folder with t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte these are the test data; of one with test/ or val/ the
images in there by class, else those in itself. The classes are numbered by the names that the checkpoint has for them; if it
has none, by those of the folders, in order.

Examples:
  $ spikingresformer evaluate digits
  $ spikingresformer evaluate digits --precision float32 --json
  $ spikingresformer evaluate /usr/share/datasets/fashion-mnist --checkpoint fashion/network.safetensors --kernels wasm`,
    )
    .action(async (data: string, options: Options) => perform(evaluated(data, options, io)))
