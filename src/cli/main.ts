#!/usr/bin/env node
/** The executable: the command line on the process's own streams. @module */
import { fileFaults } from '../core/fault.js'
import { type Bar, complaint, type Io, silent } from './io.js'
import { lineDisplay, patient } from './patient.js'
import { run } from './program.js'

const { stdout, stderr, env, argv } = process

// A reader that went away, such as `| head`, is no failure; results that nowhere else are, not written, are one.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  stderr.write(complaint(fileFaults('standard output', 'write')(error)))
  process.exit(1)
})
// What is said beside the results may go unheard.
stderr.on('error', () => undefined)

/** Bars on the terminal; nobody else waits for what draws them. */
const onTerminal = async (): Promise<(total: number) => Bar> => {
  const { terminalDisplay } = await import('./progress.js')
  return patient(() => performance.now(), terminalDisplay(stderr))
}

/** Lines in a pipe or a file, of long work alone. */
const inLines = (): ((total: number, long?: boolean) => Bar) => {
  const lines = patient(
    () => performance.now(),
    lineDisplay((text) => stderr.write(text)),
    10_000,
  )
  return (total, long = false) => (long ? lines(total) : silent)
}

const io: Io = {
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  bar: stderr.isTTY ? await onTerminal() : inLines(),
}

process.exitCode = await run(argv.slice(2), io)
