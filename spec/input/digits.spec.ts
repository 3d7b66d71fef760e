import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { digitsInput, digitsValues, parseDigits, splitDigits } from '../../src/input/digits.js'
import { type Image, negative } from '../../src/input/image.js'
import { bundledCheckpoint, bundledDigits } from '../../src/node/bundled.js'
import { goldenImage, right, sentences } from './golden.js'

const header = `${Array.from({ length: 64 }, (_, i) => `p${i}`).join(',')},label`
const line = (...head: number[]) => [...head, ...Array.from({ length: 65 - head.length }, () => 0)].join(',')
const values = Array.from({ length: 64 }, (_, i) => i % 17)

describe("a digit's input", () => {
  it('is value / 8 - 1, each pixel doubled to 16 x 16', () => {
    const { shape, data } = right(digitsInput(values))
    expect(shape).toEqual([1, 16, 16])
    // Row 0 of the digit: 0 to 7; row 1: 8 to 15.
    const first = [-1, -1, -0.875, -0.875, -0.75, -0.75, -0.625, -0.625, -0.5, -0.5, -0.375, -0.375, -0.25, -0.25]
    expect(Array.from(data.subarray(0, 16))).toEqual([...first, -0.125, -0.125])
    expect(data.subarray(16, 32)).toEqual(data.subarray(0, 16))
    expect(Array.from(data.subarray(32, 36))).toEqual([0, 0, 0.125, 0.125])
    expect(data[2 * 16 * 2 + 0]).toBe(16 / 8 - 1)
  })

  it('is refused for other than 64 numbers from 0 to 16', () => {
    const advice = 'give 64 numbers from 0 to 16, row by row'
    expect(sentences(digitsInput(values.slice(1)))).toEqual([`63 numbers are not a digit; ${advice}`])
    for (const odd of [-1, 16.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(sentences(digitsInput([...values.slice(0, 63), odd]))).toEqual([
        `element 63 of a digit is ${odd}; ${advice}`,
      ])
    }
  })
})

describe('an image as a digit', () => {
  const grey = (...pixels: number[]): Image => ({
    height: 8,
    width: 8,
    channels: 1,
    pixels: Uint8Array.from({ length: 64 }, (_, i) => pixels[i] ?? 0),
  })

  it('has values grey * 16 / 255, not rounded', () => {
    expect(digitsValues({ invert: false })(grey(255, 100, 51)).slice(0, 4)).toEqual([16, 1600 / 255, 3.2, 0])
  })

  it('is inverted for ink on paper', () => {
    expect(digitsValues({ invert: true })(grey(255, 204, 0)).slice(0, 3)).toEqual([0, 3.2, 16])
  })

  it('of colours and any size is made grey and averaged as PIL does', async () => {
    const expected = await goldenImage('preprocess/small-grey-box-8.png')
    const seen = digitsValues({ invert: false })(await goldenImage('preprocess/small.png'))
    expect(seen).toEqual(Array.from({ length: 64 }, (_, i) => (expected.pixels[3 * i]! * 16) / 255))
  })

  it('in negative and inverted is the image itself', async () => {
    const source = await goldenImage('preprocess/portrait-grey-box-8.png')
    expect(digitsValues({ invert: true })(negative(source))).toEqual(digitsValues({ invert: false })(source))
  })

  it('of pure ink and pure paper gives an input of 1 and -1', () => {
    const input = right(digitsInput(digitsValues({ invert: false })(grey(255, 0))))
    expect([input.data[0], input.data[2]]).toEqual([1, -1])
  })
})

describe('a table of digits', () => {
  it('is read line by line, with either line ending', () => {
    const text = `${header}\r\n${line(3, 16)}\n${[...Array.from({ length: 64 }, () => 1), 9].join(',')}\n`
    const [first, second, ...rest] = right(parseDigits(text))
    expect(first).toEqual({ values: [3, 16, ...Array.from({ length: 62 }, () => 0)], label: 0 })
    expect(second).toEqual({ values: Array.from({ length: 64 }, () => 1), label: 9 })
    expect(rest).toEqual([])
  })

  it('is refused at the first line that is none', () => {
    const refusal = (text: string) => sentences(parseDigits(text)).join('\n')
    const advice = 'a line is 64 integers from 0 to 16 and a label from 0 to 9'
    expect(refusal('')).toContain('its first line is not the header')
    expect(refusal(`${line()}\n`)).toContain('its first line is not the header')
    expect(refusal(`${header}\n${line()}\n1,2,3\n4`)).toBe(
      `not a readable table of digits: line 3 has 3 cells; ${advice}`,
    )
    expect(refusal(`${header}\n${line(0, 17)}`)).toContain('line 2 has "17" in cell 2')
    expect(refusal(`${header}\n${line(0, 1.5)}`)).toContain('line 2 has "1.5" in cell 2')
    expect(refusal(`${header}\n${line().replace(/0$/, '10')}`)).toContain('line 2 has "10" in cell 65')
    expect(refusal(`${header}\n\n${line()}`)).toContain('line 2 has 1 cells')
  })
})

describe('the bundled data', () => {
  it('are 1797 digits, 1437 to train on and 360 to test', async () => {
    const digits = right(await bundledDigits())
    const { training, test } = splitDigits(digits)
    expect([digits.length, training.length, test.length]).toEqual([1797, 1437, 360])
    expect([...training, ...test]).toEqual(digits)
    // scikit-learn's own first row is a 0, and its class counts are published.
    expect(digits[0]!.label).toBe(0)
    expect(digits[0]!.values.slice(0, 8)).toEqual([0, 0, 5, 13, 9, 1, 0, 0])
    const counts = Array.from({ length: 10 }, (_, k) => digits.filter(({ label }) => label === k).length)
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    expect(digits.every(({ values: v }) => Either.isRight(digitsInput(v)))).toBe(true)
  })

  it('have the labels that the golden predictions were scored against', async () => {
    const { accuracy, predictions } = JSON.parse(
      readFileSync(new URL('../golden/digits-test.json', import.meta.url), 'utf8'),
    ) as { accuracy: number; predictions: readonly number[] }
    const { test } = splitDigits(right(await bundledDigits()))
    const hits = test.filter(({ label }, i) => label === predictions[i]).length
    expect(hits).toBe(Math.round(accuracy * test.length))
  })

  it('hold the trained checkpoint', async () => {
    const path = right(await bundledCheckpoint())
    expect(basename(path)).toBe('digits.safetensors')
    const file = readFileSync(path)
    const headerLength = Number(file.readBigUInt64LE(0))
    const keys = JSON.parse(file.subarray(8, 8 + headerLength).toString('utf8')) as Record<
      string,
      { dtype: string; shape: readonly number[]; data_offsets: readonly [number, number] }
    >
    const tensors = Object.entries(keys).filter(([key]) => key !== '__metadata__')
    expect(tensors).toHaveLength(211)
    expect(keys['classifier.weight']?.shape).toEqual([10, 64])
    expect(keys['prologue.0.weight']?.shape).toEqual([16, 1, 3, 3])
    expect(
      tensors.filter(([, { dtype }]) => dtype === 'I64').every(([key]) => key.endsWith('num_batches_tracked')),
    ).toBe(true)
  })
})
