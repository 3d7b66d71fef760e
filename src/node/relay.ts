/** A process that answers, run beside a thread that waits for its answers. @module */
import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { reasonOf } from '../core/fault.js'

/** What the relay is told: to bring an answer, or to end the process, which the next question starts again. */
export type Errand =
  | { readonly kind: 'ask'; readonly line: string; readonly milliseconds: number }
  | { readonly kind: 'end' }

/** What it brings back: a line, how the process failed (it is then gone), or that it was ended. */
export type Brought =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'ended' }

/** What the waiting thread is handed: where it asks, and a cell that turns 1 when there is an answer. */
export interface Line {
  readonly port: MessagePort
  readonly signal: Int32Array
}

/** A relay that was set up. */
export interface Relay {
  /** For one other thread; `port` is to be transferred to it. */
  readonly line: Line
  /** Ends the process and all it started. */
  readonly stop: () => void
}

/** A line may have so many bytes. */
const MOST = 512 * 1024 * 1024

/** What it wrote before it went may still be on its way: so long is waited for it. */
const LAST_WORDS = 200

/** What was written so far, as a sentence shows it. */
const shown = (chunks: readonly Buffer[]): string => {
  const text = Buffer.concat(chunks).subarray(0, 400).toString('utf8')
  return text.length > 60 ? `${JSON.stringify(text.slice(0, 60))}...` : JSON.stringify(text)
}

/** Ends a process and its group: everything it started; Windows has no groups. */
const endGroup = (pid: number): void => {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Starts a command at the first question, writes each question to it, and brings back the one line it answers within
 * the time. A process that exits, is late, or writes more or other than one line is ended with all it started; the next
 * question starts it again. Nothing of it outlives this process, unless this one is ended by force.
 */
export const startRelay = (command: string): Relay => {
  const { port1: port, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  let child: ChildProcess | null = null
  let received: Buffer[] = []
  let gone: string | null = null
  let asked = false
  let clock: NodeJS.Timeout | undefined

  const bring = (brought: Brought): void => {
    clearTimeout(clock)
    asked = false
    port.postMessage(brought)
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }

  const end = (): void => {
    if (child?.pid !== undefined) endGroup(child.pid)
    child = null
    received = []
    gone = null
  }

  const fail = (sentence: string): void => {
    end()
    bring({ kind: 'failed', sentence })
  }

  const unfinished = (how: string): string =>
    received.length === 0 ? how : `${how}, having written ${shown(received)} and no end of line`

  const start = (): ChildProcess => {
    const started = spawn(command, {
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'inherit'],
      windowsHide: true,
    })
    const died = (how: string): void => {
      if (child !== started || gone !== null) return
      gone = how
      if (asked) fail(unfinished(how))
    }
    started.on('error', (error) => {
      died(`could not be started: ${reasonOf(error)}`)
    })
    started.on('exit', (code, by) => {
      const how = by === null ? `exited with code ${code}` : `was ended by ${by}`
      const late = setTimeout(() => {
        died(how)
      }, LAST_WORDS)
      started.once('close', () => {
        clearTimeout(late)
        died(how)
      })
    })
    // Writing to a process that is gone is no fault of its own: that it is gone is.
    started.stdin.on('error', () => undefined)
    started.stdout.on('data', (chunk: Buffer) => {
      if (child !== started) return
      received.push(chunk)
      if (!asked) return
      const at = chunk.indexOf(10)
      if (at < 0) {
        if (received.reduce((sum, { length }) => sum + length, 0) > MOST) fail('wrote 512 MB and no end of line')
        return
      }
      const line = Buffer.concat([...received.slice(0, -1), chunk.subarray(0, at)]).toString('utf8')
      received = at + 1 < chunk.length ? [chunk.subarray(at + 1)] : []
      if (received.length > 0) fail(`wrote more than the one line it was asked for: ${shown(received)}`)
      else bring({ kind: 'line', line })
    })
    return started
  }

  const ask = (line: string, milliseconds: number): void => {
    asked = true
    if (gone !== null) fail(`${gone} before it was asked`)
    else if (received.length > 0) fail(`wrote what nobody asked for: ${shown(received)}`)
    else {
      child ??= start()
      clock = setTimeout(() => {
        fail(unfinished(`did not answer within ${milliseconds / 1000} s`))
      }, milliseconds)
      child.stdin?.write(`${line}\n`)
    }
  }

  port.on('message', (errand: Errand) => {
    switch (errand.kind) {
      case 'ask':
        ask(errand.line, errand.milliseconds)
        return
      case 'end':
        end()
        bring({ kind: 'ended' })
    }
  })

  const interrupted = (name: NodeJS.Signals): void => {
    stop()
    process.kill(process.pid, name)
  }
  const stop = (): void => {
    clearTimeout(clock)
    process.off('exit', end)
    for (const name of SIGNALS) process.off(name, interrupted)
    port.close()
    end()
  }
  process.on('exit', end)
  for (const name of SIGNALS) process.on(name, interrupted)

  return { line: { port: port2, signal }, stop }
}
