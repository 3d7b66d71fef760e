import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.js'
import { patient, silent, terminalBar } from '../../src/cli/progress.js'

/** A clock that is set by hand, and a bar that notes what it is told. */
const observed = () => {
  const clock = { now: 0 }
  const notes: string[] = []
  const bar = patient(
    () => clock.now,
    (total, value) => {
      notes.push(`start ${value}/${total}`)
      return { advance: (amount) => notes.push(`+${amount}`), stop: () => notes.push('stop') }
    },
  )
  return { clock, notes, bar }
}

describe('a progress bar', () => {
  it('does not appear for work of less than a second', () => {
    const { clock, notes, bar } = observed()
    const work = bar(4)
    work.advance(2)
    clock.now = 999
    work.advance(2)
    work.stop()
    expect(notes).toEqual([])
  })

  it('appears after a second, where the work then is', () => {
    const { clock, notes, bar } = observed()
    const work = bar(4)
    work.advance(1)
    clock.now = 1000
    work.advance(1)
    work.advance(1)
    work.stop()
    expect(notes).toEqual(['start 2/4', '+1', 'stop'])
  })

  it('is drawn on the terminal it is given', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
    const bar = terminalBar(stream as unknown as NodeJS.WriteStream)(4, 1)
    bar.advance(3)
    bar.stop()
    expect(String(stream.read())).toMatch(/█{8}░{24} 25 % \| /)
  })

  it('ends full: every command advances it by all of its work', async () => {
    for (const argv of [
      ['classify', '--count', '3'],
      ['classify', 'spec/golden/preprocess/small.png', 'spec/golden/preprocess/small.png'],
      ['inspect', 'digits', '--measure'],
      ['trace', 'digits', '--synthetic', '1', '--steps', '2', '--frames'],
    ] as const) {
      let [done, asked, stopped] = [0, 0, 0]
      const code = await run(argv, {
        out: () => {},
        err: () => {},
        colour: false,
        bar: (amount) => {
          asked = amount
          return {
            advance: (more) => {
              done += more
            },
            stop: () => {
              stopped += 1
            },
          }
        },
      })
      expect({ code, stopped }).toEqual({ code: 0, stopped: 1 })
      expect(done / asked).toBeCloseTo(1, 9)
    }
  })

  it('may show nothing', () => {
    expect([silent.advance(1), silent.stop()]).toEqual([undefined, undefined])
  })
})
