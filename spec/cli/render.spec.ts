import { describe, expect, it } from 'vitest'
import { complaint, printable } from '../../src/cli/io.js'
import { bar, beside, count, joules, percent, picture, softmax, table } from '../../src/cli/render.js'
import type { Faults } from '../../src/core/fault.js'

describe('numbers', () => {
  it('are counts to three digits', () => {
    expect([0, 7, 999, 1000, 15_640, 999_499, 999_500, 836_613_824, 2.08e9, 3.2e12].map(count)).toEqual([
      ...['0', '7', '999', '1.00 k', '15.6 k', '999 k', '1.00 M', '837 M', '2.08 G', '3.20 T'],
    ])
  })

  it('are energies to three digits', () => {
    expect([0, 7.53e-4, 1.86e-3, 2, 3.61e-6, 4e-10].map(joules)).toEqual([
      ...['0.00 J', '753 µJ', '1.86 mJ', '2.00 J', '3.61 µJ', '400 pJ'],
    ])
  })

  it('are fractions in percent', () => {
    expect([0, 0.0945, 1].map(percent)).toEqual(['0.0 %', '9.4 %', '100.0 %'])
  })
})

describe('bars', () => {
  it('are filled to an eighth of a cell', () => {
    expect([0, 1 / 32, 0.5, 0.99, 1, 2, -1].map((fraction) => bar(fraction, 4))).toEqual([
      ...['    ', '▏   ', '██  ', '████', '████', '████', '    '],
    ])
    expect(bar(0.625, 1)).toBe('▋')
  })

  it('show probabilities', () => {
    expect(softmax([0, Math.log(3)])).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.75, 12)])
    expect(softmax([1000, 1000])).toEqual([0.5, 0.5])
  })
})

describe('pictures', () => {
  const ramp = Array.from({ length: 64 }, (_, i) => (i < 8 ? [0, 2, 4, 6, 8, 10, 14, 16][i]! : 0))

  it('are shades of blocks', () => {
    expect(picture(ramp, false)[0]).toBe('  ░░░░▒▒▒▒▓▓████')
    expect(picture(ramp, false)).toHaveLength(8)
    expect(new Set(picture(ramp, false).map((line) => line.length))).toEqual(new Set([16]))
  })

  it('are greys where colours are wanted', () => {
    const cell = (grey: number): string => `\u001b[48;5;${grey}m  \u001b[0m`
    expect(picture(ramp, true)[0]).toBe([232, 235, 238, 241, 244, 246, 252, 255].map(cell).join(''))
  })

  it('stand beside text', () => {
    expect(beside(['ab', 'cd'], 2, ['x', '', 'y'])).toEqual(['ab   x', 'cd', '     y'])
  })
})

describe('tables', () => {
  it('align their columns', () => {
    expect(
      table(
        [['name'], ['n', 'right'], ['last']],
        [
          ['α', '1', ''],
          ['longer', '123', 'z'],
        ],
      ),
    ).toEqual(['name      n  last', '──────  ───  ────', 'α         1', 'longer  123  z'])
  })

  it('keep control characters out of the terminal', () => {
    expect(table([['a']], [['\u001b[2J']])[2]).toBe('\u{fffd}[2J')
    expect(printable('tab\tand\nline\u009b')).toBe('tab\u{fffd}and\u{fffd}line\u{fffd}')
  })
})

describe('complaints', () => {
  const faults = (length: number): Faults =>
    Array.from({ length }, (_, i) => ({ _tag: 'MissingKey', key: `k${i}`, shape: [i] })) as unknown as Faults

  it('are a sentence a fault, at most twenty', () => {
    expect(complaint(faults(1))).toBe('error: k0: missing, expected shape [0]\n')
    expect(complaint(faults(20)).trimEnd().split('\n')).toHaveLength(20)
    expect(complaint(faults(22)).trimEnd().split('\n').slice(-2)).toEqual([
      'error: k19: missing, expected shape [19]',
      'error: and 2 more',
    ])
  })
})
