/** `convert`: a checkpoint from one format to another. @module */
import { extname } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import type { Faults } from '../core/fault.js'
import { writePytorch, writeSafetensors } from '../node/files.js'
import { readWithMetadata } from './checkpoint.js'
import type { Perform } from './io.js'
import { printable } from './io.js'

/** Refuses a file name whose extension names no format. */
const target = (path: string): string => {
  if (!['.safetensors', '.pth'].includes(extname(path).toLowerCase()))
    throw new InvalidArgumentError('Its name must end in .safetensors or .pth.')
  return path
}

const converted = (from: string, to: string): TaskEither.TaskEither<Faults, string> =>
  pipe(
    readWithMetadata(from),
    TaskEither.chain(({ tensors, metadata }) =>
      pipe(
        extname(to).toLowerCase() === '.pth' ? writePytorch(to, tensors) : writeSafetensors(to, tensors, metadata),
        TaskEither.map(() => `${printable(to)}: ${tensors.size} tensors\n`),
      ),
    ),
  )

/** The command. */
export const convertCommand = (perform: Perform): Command =>
  new Command('convert')
    .description('convert a checkpoint between PyTorch (.pth) and safetensors')
    .argument('<in>', 'the checkpoint to read, of either format')
    .addArgument(new Argument('<out>', 'the file to write, .safetensors or .pth').argParser(target))
    .addHelpText(
      'after',
      `
Only the state dict is read: no optimizer, and nothing in the file is executed.

Examples:
  $ spikingresformer convert spikingresformer_ti.pth ti.safetensors
  $ spikingresformer convert ti.safetensors ti.pth`,
    )
    .action(async (from: string, to: string) => perform(converted(from, to)))
