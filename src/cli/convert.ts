/** `convert`: a checkpoint from one format to another. @module */

import { extname } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { parseAs } from '../checkpoint/mismatch.js'
import { CONFIG } from '../checkpoint/recognise.js'
import type { Safetensors } from '../checkpoint/safetensors.js'
import { type Faults, inFile } from '../core/fault.js'
import { writePytorch, writeSafetensors } from '../node/files.js'
import { CLASSES } from '../tasks/labels.js'
import { configurationOf, resized, type Said } from '../tasks/load.js'
import { readNoted, saidBy } from './checkpoint.js'
import { type Io, type Perform, printable } from './io.js'
import { type NetworkOptions, networkOptions } from './options.js'

/** Refuses a file name whose extension names no format. */
const target = (path: string): string => {
  if (!['.safetensors', '.pth'].includes(extname(path).toLowerCase()))
    throw new InvalidArgumentError('Its name must end in .safetensors or .pth.')
  return path
}

/**
 * What is written beside the tensors: the configuration, preprocessing included, where it is said, or told from the
 * checkpoint; otherwise the metadata that were there.
 */
const described =
  (options: NetworkOptions, { tensors, metadata }: Safetensors) =>
  (said: Said): Either.Either<Faults, Readonly<Record<string, string>>> => {
    const silent = said.config === undefined && said.variant === undefined
    const named = configurationOf(said)({ tensors, metadata })
    return silent && Either.isLeft(named)
      ? Either.right(metadata)
      : pipe(
          named,
          Either.chain(resized(options)),
          Either.chainFirst((config) => parseAs(config)(tensors)),
          Either.map((config) => ({ ...metadata, [CONFIG]: JSON.stringify(config) })),
        )
  }

/** What is said where the file that was written lacks what it takes to know the network, or its classes. */
const lacking = (
  to: string,
  { tensors }: Safetensors,
  { [CONFIG]: config, [CLASSES]: classes }: Readonly<Record<string, string>>,
): readonly string[] => {
  if (config === undefined)
    return ['it does not say which network it is, as nothing told: name it with --variant or --config']
  if (extname(to).toLowerCase() !== '.pth') return []
  const told = configurationOf({})({ tensors, metadata: {} })
  return [
    ...(Either.isRight(told) && JSON.stringify(told.right) === config
      ? []
      : ["a .pth file has no place for the network's configuration: give it again with --variant or --config"]),
    ...(classes === undefined
      ? []
      : ['a .pth file has no place for the names of the classes: give them again with --labels']),
  ]
}

const converted = (io: Io, from: string, to: string, options: NetworkOptions): TaskEither.TaskEither<Faults, string> =>
  pipe(
    readNoted(io, options.weights)(from),
    TaskEither.bindTo('read'),
    TaskEither.bind('metadata', ({ read }) =>
      pipe(saidBy(options), TaskEither.chainEitherK(described(options, read)), TaskEither.mapLeft(inFile(from))),
    ),
    TaskEither.chain(({ read, read: { tensors }, metadata }) =>
      pipe(
        extname(to).toLowerCase() === '.pth' ? writePytorch(to, tensors) : writeSafetensors(to, tensors, metadata),
        TaskEither.map(() => {
          for (const note of lacking(to, read, metadata)) io.err(`note: ${printable(to)}: ${note}\n`)
          return `${printable(to)}: ${tensors.size} tensors\n`
        }),
      ),
    ),
  )

/** The command. */
export const convertCommand = (io: Io, perform: Perform): Command =>
  networkOptions(new Command('convert'))
    .description('convert a checkpoint between PyTorch (.pth) and safetensors')
    .argument('<in>', 'the checkpoint to read, of either format')
    .addArgument(new Argument('<out>', 'the file to write, .safetensors or .pth').argParser(target))
    .addHelpText(
      'after',
      `
Only the weights are read, under the network's own keys: no prefix, no optimizer, and nothing in the file is executed.
A safetensors file also keeps the network's configuration, how its images are prepared included, where it is said or told
from the checkpoint, and the names of the classes; a .pth file has no place for them.

Examples:
  $ spikingresformer convert spikingresformer_ti.pth ti.safetensors
  $ spikingresformer convert ti.safetensors ti.pth`,
    )
    .action(async (from: string, to: string, options: NetworkOptions) => perform(converted(io, from, to, options)))
