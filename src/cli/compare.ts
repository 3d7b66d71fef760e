/** `compare`: what two runs first differ in, in the order of execution, and what that is likely caused by. @module */
import { Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { utf8 } from '../checkpoint/bytes.js'
import { type Lazily, lazily } from '../checkpoint/lazy.js'
import { readRange, type Source } from '../checkpoint/source.js'
import { type Faults, refuse } from '../core/fault.js'
import { showShape } from '../core/tensor.js'
import { bundledCauses } from '../node/bundled.js'
import { withFileOrPipe } from '../node/files.js'
import { type Causes, causesOf, parseCauses } from '../tasks/causes.js'
import { type Comparison, compareTraces, compareValues, type Difference } from '../tasks/compare.js'
import { parseTrace, type TracedRun } from '../tasks/traced.js'
import type { Io, Perform } from './io.js'
import { printable } from './io.js'

interface Options {
  readonly json?: true
}

/** A run as a file has it. */
type Given =
  | { readonly kind: 'values'; readonly lazily: Lazily }
  | { readonly kind: 'trace'; readonly trace: TracedRun }

/** More than any trace has. */
const LONGEST_TRACE = 2 ** 28

/** A safetensors file begins with its header's length, which has zeros; a text has none. */
const given = (source: Source): TaskEither.TaskEither<Faults, Given> =>
  pipe(
    readRange(source, 0, Math.min(8, source.size)),
    TaskEither.chain((start): TaskEither.TaskEither<Faults, Given> => {
      if (start.includes(0))
        return pipe(
          lazily(source),
          TaskEither.map((file) => ({ kind: 'values', lazily: file })),
        )
      if (source.size > LONGEST_TRACE)
        return TaskEither.left(refuse('it is no trace: it has too many bytes', 'give what the command trace printed'))
      return pipe(
        readRange(source, 0, source.size),
        TaskEither.chainEitherK(utf8),
        TaskEither.mapLeft(() => refuse('it is no trace: it is not text', 'give what the command trace printed')),
        TaskEither.chainEitherK(parseTrace),
        TaskEither.map((trace) => ({ kind: 'trace', trace })),
      )
    }),
  )

const KINDS: { readonly [kind in Given['kind']]: string } = { values: 'values', trace: 'a trace' }

/** Both files stay open while their tensors are read. */
const compared = (wanted: string, mine: string): TaskEither.TaskEither<Faults, Comparison> =>
  pipe(
    wanted,
    withFileOrPipe((first) =>
      TaskEither.fromTask(
        pipe(
          given(first),
          TaskEither.chain((a) =>
            pipe(
              mine,
              withFileOrPipe((second) =>
                pipe(
                  given(second),
                  TaskEither.chain((b): TaskEither.TaskEither<Faults, Comparison> => {
                    if (a.kind === 'values' && b.kind === 'values') return compareValues(a.lazily, b.lazily)
                    if (a.kind === 'trace' && b.kind === 'trace')
                      return TaskEither.right(compareTraces(a.trace, b.trace))
                    return TaskEither.left(
                      refuse(
                        `it is ${KINDS[b.kind]}, ${printable(wanted)} is ${KINDS[a.kind]}`,
                        'compare two traces, or two files of --values',
                      ),
                    )
                  }),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
    TaskEither.chainEitherK((result) => result),
  )

const units = (apart: number): string => `${apart} ${apart === 1 ? 'unit' : 'units'} in the last place`

const show = (value: number | bigint): string => (Object.is(value, -0) ? '-0' : String(value))

/** What two values are to each other. */
const apart = ({ wanted, mine, ulps, kind }: Difference & { _tag: 'Values' }): string => {
  if (kind === 'spikes')
    return Number(mine) > 1
      ? 'a spike is 0 or 1'
      : Number(mine) > Number(wanted)
        ? 'a spike too many'
        : 'a spike missing'
  if (ulps === null) return 'one of them is no number'
  return ulps === 0 ? 'equal as numbers, but not the same bytes' : `${units(ulps)} apart`
}

/** How to make two runs the same. */
const REMEDY: { readonly [field: string]: string } = {
  T: 'give both the same --steps',
  batch: 'give both the same --batch',
  classes: 'give both the same --classes',
  image: 'give both the same --image-size',
  seed: 'give both the same --synthetic',
  frames: 'give both --frames, or none',
  precision: 'give both the same --precision',
}

/** What a list beside the operations has otherwise of a name. */
const BESIDE: { readonly [what in (Difference & { _tag: 'Beside' })['what']]: (name: string) => string } = {
  missing: (name) => `lacks ${name}`,
  surplus: (name) => `has ${name}, which is not wanted`,
  shape: (name) => `has another shape of ${name}`,
  hash: (name) => `has another hash of ${name}`,
}

/** The sentence of a difference. */
const sentence = (found: Difference): string => {
  switch (found._tag) {
    case 'Run':
      return `other runs: ${found.field} is ${found.mine}, wanted ${found.wanted}; ${REMEDY[found.field] ?? 'run the same network'}`
    case 'Missing':
      return `${found.name} is missing`
    case 'Surplus':
      return `${found.name} is not wanted`
    case 'Shape':
      return `${found.name} has shape ${showShape(found.mine)}, wanted ${showShape(found.wanted)}`
    case 'Type':
      return `${found.name} is ${found.mine}, wanted ${found.wanted}${
        found.wanted === 'uint8'
          ? ': spikes are bytes 0 and 1'
          : found.mine === 'uint8'
            ? ''
            : '; give both the same --precision'
      }`
    case 'Values':
      return `${found.name}[${found.index.join(', ')}] is ${show(found.mine)}, wanted ${show(found.wanted)}: ${apart(found)}`
    case 'Hash':
      return found.operation === 'membrane'
        ? `everything is equal but the membrane ${found.name} after the last step`
        : `${found.name} (${found.operation}) has another hash`
    case 'Beside':
      return `every operation is equal, but ${found.field} ${BESIDE[found.what](found.name)}`
    case 'Number': {
      const { wanted, mine } = found
      return `every hash is equal, but ${found.name} is ${
        mine === null ? 'missing' : wanted === null ? 'not wanted' : `${show(mine)}, wanted ${show(wanted)}`
      }`
    }
    case 'Unseen':
      return `what could be compared is equal, but there are no ${found.field}`
  }
}

/** How many of how many. */
const part = (some: number, all: string, things: string): string =>
  `${some} of ${all} ${things} ${some === 1 ? 'differs' : 'differ'}`

const details = ({ first, compared, different, atOnce, before, missing, surplus }: Comparison): readonly string[] => [
  ...(first?._tag === 'Values'
    ? [
        `${part(first.count, `its ${first.size}`, 'elements')}${first.most === null || first.kind === 'spikes' ? '' : `, at most ${units(first.most)}`}`,
      ]
    : []),
  ...(first === null || compared === 0 ? [] : [part(different, String(compared), 'tensors')]),
  ...(atOnce && (first?._tag === 'Values' || first?._tag === 'Hash')
    ? ['it is the first tensor of all: are image and weights the same numbers?']
    : []),
  ...(first?._tag === 'Hash' && first.precision !== null
    ? [`is its precision ${first.precision}? it does not say so, and in the other all currents differ`]
    : []),
  ...(before.length === 0
    ? []
    : [`it may begin before: ${before.join(', ')} ${before.length === 1 ? 'is' : 'are'} missing`]),
  ...(missing.length === 0 ? [] : [`missing: ${missing.length}, first ${missing[0]}`]),
  ...(surplus.length === 0 ? [] : [`not wanted: ${surplus.length}, first ${surplus[0]}`]),
]

/** Why none of the mistakes that there may be is likely. */
const WHY: { readonly [why in NonNullable<Causes['why']>]: string } = {
  few: 'too few elements differ to tell which',
  share: 'none changes about so many of its elements',
  unknown: 'compare whole files of --values to tell which',
}

/** The likely causes, or how many there may be. */
const suspects = ({ candidates, likely, why }: Causes): readonly string[] => {
  const width = Math.max(...likely.map(({ id }) => id.length))
  const of =
    candidates === 1
      ? 'one mistake of the catalogue first differs'
      : `${candidates} mistakes of the catalogue first differ`
  return why !== null
    ? [`no likely cause: ${of} here in this way; ${WHY[why]}`]
    : likely.length === 0
      ? []
      : [
          `likely causes, mistakes of the catalogue that first differ like this (${likely.length} of ${candidates} in this place and kind):`,
          ...likely.map(({ id, mistake, law }) => `  ${id.padEnd(width)}  ${mistake} (the law ${law})`),
        ]
}

const report = (comparison: Comparison, causes: Causes): string => {
  const { first, compared } = comparison
  if (first === null) return `equal: ${compared} ${compared === 1 ? 'tensor' : 'tensors'}\n`
  return [sentence(first), ...details(comparison).map((line) => `  ${line}`), ...suspects(causes), '']
    .map(printable)
    .join('\n')
}

/** Numbers that JSON has no word for, as the protocol spells them. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' || (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    ? show(value)
    : value

const comparison = (io: Io, wanted: string, mine: string, options: Options): TaskEither.TaskEither<Faults, string> =>
  pipe(
    compared(wanted, mine),
    TaskEither.bindTo('result'),
    TaskEither.bind('all', () => pipe(bundledCauses, TaskEither.chainEitherK(parseCauses))),
    TaskEither.chain(({ result, all }) => {
      const causes = causesOf(all)(result)
      const { first, ...rest } = result
      const text = options.json
        ? `${JSON.stringify({ equal: first === null, first, sentence: first === null ? 'equal' : sentence(first), ...rest, candidates: causes.candidates, causes: causes.likely }, plain, 2)}\n`
        : report(result, causes)
      if (first === null) return TaskEither.right(text)
      io.out(text)
      return TaskEither.left(
        refuse(
          `${mine} is not ${wanted}`,
          first._tag === 'Hash' ? 'compare files of --values for the numbers' : 'its first difference is above',
        ),
      )
    }),
  )

/** The command. */
export const compareCommand = (io: Io, perform: Perform): Command =>
  new Command('compare')
    .description('find the first tensor in which two runs differ, and what that is likely caused by')
    .argument('<wanted>', 'what is right: a file that trace --values wrote, or what trace printed')
    .argument('<mine>', 'the same of a port')
    .option('--json', 'print an object')
    .addHelpText(
      'after',
      `
Of two --values files: the first tensor in the order of execution that differs, its first element that does, both
numbers, and how many units in the last place they are apart. Of two traces: the first hash that differs.
Bytes are compared, so 0 and -0 differ; two that are no numbers do not. A pipe is read as a file is: /dev/stdin, <(command).
Likely causes are mistakes of the catalogue that first differ at that place, in that kind, and in a share of the elements
within a factor of 8 of the share that differs; below 4 elements, and among more than 6 of hashes, none is called likely.
Exit code: 0 equal, 1 different.

Examples:
  $ spikingresformer compare wanted.safetensors mine.safetensors
  $ spikingresformer compare trace.json mine.json --json
  $ ./mine trace | spikingresformer compare trace.json /dev/stdin`,
    )
    .action(async (wanted: string, mine: string, options: Options) => perform(comparison(io, wanted, mine, options)))
