/** The command line as a function of its arguments and the world. @module */
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, reasonOf } from '../core/fault.js'
import { classifyCommand } from './classify.js'
import { convertCommand } from './convert.js'
import { evaluateCommand } from './evaluate.js'
import { inspectCommand } from './inspect.js'
import { complaint, type Io, type Perform } from './io.js'
import { lawsCommand } from './laws.js'
import { traceCommand } from './trace.js'
import { trainCommand } from './train.js'
import { vectorsCommand } from './vectors.js'

/** The version of the package, from its own package.json. */
const version = (): string => {
  const about = createRequire(import.meta.url)('spikingresformer/package.json') as { readonly version: string }
  return about.version
}

/** A sentence for what nobody foresaw, never a stack. */
const unforeseen = (error: unknown): Faults => [
  error instanceof RangeError
    ? {
        _tag: 'Unavailable',
        what: 'this needs more memory than there is',
        advice: 'use fewer classes, steps or samples, or a smaller image',
      }
    : {
        _tag: 'Unavailable',
        what: `internal error: ${reasonOf(error)}`,
        advice: 'please report it',
      },
]

/** All commands; their output goes to `io`, and a bad usage is thrown. */
export const program = (io: Io, perform: Perform): Command => {
  const root = new Command('spikingresformer')
    .description('SpikingResformer, a spiking vision transformer: run it, measure it, compare a port with it')
    .version(version())
    .showHelpAfterError('run with --help for usage')
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText(
      'after',
      `
Exit code: 0 done, 1 the work failed, 2 bad usage.

Example:
  $ spikingresformer classify`,
    )
  const commands = [
    classifyCommand(io, perform),
    evaluateCommand(io, perform),
    inspectCommand(io, perform),
    traceCommand(io, perform),
    convertCommand(io, perform),
    trainCommand(io, perform, version()),
    lawsCommand(io, perform),
    vectorsCommand(perform),
  ]
  for (const command of commands) root.addCommand(command.copyInheritedSettings(root))
  return root
}

/**
 * Runs the command line and resolves to its exit code: 0 done, 1 the work failed (a sentence a fault on `io.err`),
 * 2 bad usage. Never rejects.
 *
 * @example
 * const io = { out: console.log, err: console.log, colour: false, bar: () => ({ advance: () => {}, stop: () => {} }) }
 * await run(['classify', '--count', '1', '--json'], io) // => 0
 * await run(['classify', '--count', 'none'], io) // => 2
 */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  let code = 0
  const fail = (faults: Faults): void => {
    io.err(complaint(faults))
    code = 1
  }
  const perform: Perform = async (work) => {
    const result = await work()
    if (Either.isRight(result)) io.out(result.right)
    else fail(result.left)
  }
  try {
    await program(io, perform).parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    fail(unforeseen(error))
  }
  return code
}
