import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { silent } from '../../src/cli/io.js'
import { lineDisplay, patient } from '../../src/cli/patient.js'
import { run } from '../../src/cli/program.js'
import { terminalDisplay } from '../../src/cli/progress.js'

/** A clock that is set by hand, and a bar that notes what it is told. */
const observed = () => {
  const clock = { now: 0 }
  const notes: string[] = []
  const bar = patient(
    () => clock.now,
    () => {
      notes.push('open')
      return { show: (fraction, left) => notes.push(`${fraction}, ${left} s left`), stop: () => notes.push('stop') }
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
    clock.now = 3000
    work.advance(1)
    work.stop()
    expect(notes).toEqual(['open', '0.5, 1 s left', '0.75, 1 s left', 'stop'])
  })

  it('is drawn on the terminal it is given', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 })
    const bar = terminalDisplay(stream as unknown as NodeJS.WriteStream)()
    bar.show(0.25, 6.2)
    bar.stop()
    const drawn = String(stream.read())
    expect(drawn).toMatch(/█{8}░{24} 25 %, 7 s left/)
    expect(drawn).not.toMatch(/\?7l|\?25l/)
  })

  it('is a line each time another tenth is done where nothing can be drawn over, once it has taken ten seconds', () => {
    const clock = { now: 0 }
    let written = ''
    const lines = lineDisplay((text) => {
      written += text
    })
    const work = patient(() => clock.now, lines, 10_000)(200)
    for (let done = 0; done < 200; done++) {
      clock.now += 200
      work.advance(1)
    }
    work.stop()
    expect(written).toBe(
      '20 %, 30 s left\n30 %, 28 s left\n40 %, 24 s left\n50 %, 20 s left\n60 %, 16 s left\n70 %, 12 s left\n80 %, 8 s left\n90 %, 4 s left\n',
    )
  })

  it.each([
    ['evaluate', ['evaluate', 'digits', '--steps', '1', '--kernels', 'wasm'], true],
    ['classify', ['classify', '--count', '1'], undefined],
  ])('says whether %s is long work', async (_, argv, wanted) => {
    const asked: (boolean | undefined)[] = []
    const bar = (_total: number, long?: boolean) => {
      asked.push(long || undefined)
      return silent
    }
    expect(await run(argv, { out: () => {}, err: () => {}, colour: false, bar })).toBe(0)
    expect(asked).toEqual([wanted])
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
