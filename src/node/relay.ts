/** The thread between a judge that waits and a process that answers. @module */
import type { ChildProcess } from 'node:child_process'
import type { MessagePort } from 'node:worker_threads'

/** What the relay is told. */
export type Errand =
  | { readonly kind: 'ask'; readonly line: string; readonly milliseconds: number }
  /** Ends the process; the next question starts it again. */
  | { readonly kind: 'end' }
  | { readonly kind: 'close' }

/** What it brings back: a line, how the process failed (it is then gone), or what was left when it was closed. */
export type Brought =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'closed'; readonly left: string | null }

/** What the relay starts with; `signal` is [an answer has come, the process's id or 0]. */
export interface Relayed {
  readonly port: MessagePort
  readonly signal: Int32Array
  readonly command: string
}

/**
 * Starts the process at the first question, writes a line to it, and brings back the one line it answers, within the
 * time. A process that fails is ended with all it started; the next question starts it again.
 *
 * It is started from its text in a thread of its own, so it names nothing outside itself.
 */
export const relay = ({ port, signal, command }: Relayed, spawn: typeof import('node:child_process').spawn): void => {
  const MOST = 512 * 1024 * 1024
  let child: ChildProcess | null = null
  let received: Buffer[] = []
  let gone: string | null = null
  let awaited: ((brought: Brought) => void) | null = null
  let clock: NodeJS.Timeout | undefined

  const bring = (brought: Brought): void => {
    port.postMessage(brought)
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }

  const end = (): void => {
    const pid = child?.pid
    child = null
    received = []
    gone = null
    Atomics.store(signal, 1, 0)
    if (pid === undefined) return
    try {
      // Everything it started is in its group; on Windows there is none.
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
  }

  const settle = (brought: Brought): void => {
    clearTimeout(clock)
    const hear = awaited
    awaited = null
    hear?.(brought)
  }

  const fail = (sentence: string): void => {
    end()
    settle({ kind: 'failed', sentence })
  }

  const text = (): string => {
    const line = Buffer.concat(received).toString('utf8')
    return `${JSON.stringify(line.slice(0, 60))}${line.length > 60 ? '...' : ''}`
  }

  const start = (): void => {
    const started = spawn(command, {
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'inherit'],
      windowsHide: true,
    })
    child = started
    const mine = (): boolean => child === started
    Atomics.store(signal, 1, started.pid ?? 0)
    const died = (how: string): void => {
      if (!mine() || gone !== null) return
      gone = how
      if (awaited !== null) fail(received.length > 0 ? `${how}, having written ${text()} and no end of line` : how)
    }
    started.on('error', (error) => {
      died(`could not be started: ${error.message}`)
    })
    started.on('exit', (code, by) => {
      // What it wrote before it went may still be on its way.
      const how = by === null ? `exited with code ${code}` : `was ended by ${by}`
      const later = setTimeout(() => {
        died(how)
      }, 200)
      started.once('close', () => {
        clearTimeout(later)
        died(how)
      })
    })
    started.stdin.on('error', () => undefined)
    started.stdout.on('data', (chunk: Buffer) => {
      if (!mine()) return
      received.push(chunk)
      if (awaited === null) return
      const at = chunk.indexOf(10)
      if (at < 0) {
        if (received.reduce((sum, { length }) => sum + length, 0) > MOST)
          fail('wrote more than 512 MB and no end of line')
        return
      }
      const line = Buffer.concat([...received.slice(0, -1), chunk.subarray(0, at)]).toString('utf8')
      received = at + 1 < chunk.length ? [chunk.subarray(at + 1)] : []
      if (received.length > 0) fail(`wrote more than the one line it was asked for: ${text()}`)
      else settle({ kind: 'line', line })
    })
  }

  port.on('message', (errand: Errand) => {
    if (errand.kind === 'end') {
      end()
      bring({ kind: 'closed', left: null })
      return
    }
    if (errand.kind === 'close') {
      const left = received.length > 0 ? text() : null
      const closing = child
      const done = (): void => {
        end()
        bring({ kind: 'closed', left })
        port.close()
      }
      if (closing === null || gone !== null) {
        done()
        return
      }
      // An end of input asks it to go; what does not go in a second is ended.
      const late = setTimeout(done, 1000)
      closing.once('close', () => {
        clearTimeout(late)
        done()
      })
      closing.stdin?.end()
      return
    }
    awaited = bring
    if (child !== null && gone !== null) {
      fail(`${gone} before it was asked`)
      return
    }
    if (child !== null && received.length > 0) {
      fail(`wrote a line that nobody asked for: ${text()}`)
      return
    }
    if (child === null) start()
    clock = setTimeout(() => {
      fail(
        `did not answer within ${errand.milliseconds / 1000} s${received.length > 0 ? `, having written ${text()} and no end of line` : ''}`,
      )
    }, errand.milliseconds)
    child?.stdin?.write(`${errand.line}\n`)
  })
}
