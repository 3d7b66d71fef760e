/** The command line as a function of its arguments and the world. @module */
import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import * as Either from 'fp-ts/lib/Either.js'
import { type Faults, reasonOf } from '../core/fault.js'
import { complaint, type Io, type Perform } from './io.js'

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

/** Every command, in the help's order; each is loaded when it is asked for, so that none waits for what others need. */
const commands: { readonly [name: string]: (io: Io, perform: Perform) => Promise<Command> } = {
  classify: async (io, perform) => (await import('./classify.js')).classifyCommand(io, perform),
  evaluate: async (io, perform) => (await import('./evaluate.js')).evaluateCommand(io, perform),
  inspect: async (io, perform) => (await import('./inspect.js')).inspectCommand(io, perform),
  trace: async (io, perform) => (await import('./trace.js')).traceCommand(io, perform),
  compare: async (io, perform) => (await import('./compare.js')).compareCommand(io, perform),
  convert: async (io, perform) => (await import('./convert.js')).convertCommand(io, perform),
  train: async (io, perform) => (await import('./train.js')).trainCommand(io, perform, version()),
  laws: async (io, perform) => (await import('./laws.js')).lawsCommand(io, perform),
  vectors: async (_, perform) => (await import('./vectors.js')).vectorsCommand(perform),
}

/**
 * The command that is named first, or else all of them, with what is said of them; their output goes to `io`, and a bad
 * usage is thrown.
 */
export const program = async (name: string | undefined, io: Io, perform: Perform): Promise<Command> => {
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
  const named = name !== undefined && Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands)
  for (const load of named) root.addCommand((await load(io, perform)).copyInheritedSettings(root))
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
    const [name] = argv
    await (await program(name, io, perform)).parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    fail(unforeseen(error))
  }
  return code
}
