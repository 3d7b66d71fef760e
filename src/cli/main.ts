#!/usr/bin/env node
/** The executable: the command line on the process's own streams. @module */
import type { Io } from './io.js'
import { run } from './program.js'
import { patient, silent, terminalDisplay } from './progress.js'

const { stdout, stderr, env, argv } = process

// A reader that went away, such as `| head`, is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const io: Io = {
  out: (text) => stdout.write(text),
  err: (text) => stderr.write(text),
  colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  bar: stderr.isTTY ? patient(() => performance.now(), terminalDisplay(stderr)) : () => silent,
}

process.exitCode = await run(argv.slice(2), io)
