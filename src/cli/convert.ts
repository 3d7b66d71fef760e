/** `convert`: a checkpoint from one format to another. @module */
import { extname } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import { writePytorch, writeSafetensors } from '../node/files.js'
import { readNoted } from './checkpoint.js'
import { type Io, type Perform, printable } from './io.js'
import { WEIGHTS } from './options.js'

/** Refuses a file name whose extension names no format. */
const target = (path: string): string => {
  if (!['.safetensors', '.pth'].includes(extname(path).toLowerCase()))
    throw new InvalidArgumentError('Its name must end in .safetensors or .pth.')
  return path
}

const converted = (
  io: Io,
  from: string,
  to: string,
  weights: string | undefined,
): TaskEither.TaskEither<Faults, string> =>
  pipe(
    readNoted(io, weights)(from),
    TaskEither.chain(({ tensors, metadata }) =>
      pipe(
        extname(to).toLowerCase() === '.pth' ? writePytorch(to, tensors) : writeSafetensors(to, tensors, metadata),
        TaskEither.map(() => `${printable(to)}: ${tensors.size} tensors\n`),
      ),
    ),
  )

/** The command. */
export const convertCommand = (io: Io, perform: Perform): Command =>
  new Command('convert')
    .description('convert a checkpoint between PyTorch (.pth) and safetensors')
    .argument('<in>', 'the checkpoint to read, of either format')
    .addArgument(new Argument('<out>', 'the file to write, .safetensors or .pth').argParser(target))
    .option('--weights <name>', WEIGHTS)
    .addHelpText(
      'after',
      `
Only the weights are read, under the network's own keys: no prefix, no optimizer, and nothing in the file is executed.

Examples:
  $ spikingresformer convert spikingresformer_ti.pth ti.safetensors
  $ spikingresformer convert ti.safetensors ti.pth`,
    )
    .action(async (from: string, to: string, { weights }: { readonly weights?: string }) =>
      perform(converted(io, from, to, weights)),
    )
