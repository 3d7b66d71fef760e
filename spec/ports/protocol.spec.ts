/** The process protocol: its page's transcript, and everything a line can have wrong. */
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { tensor } from '../../src/core/tensor.js'
import {
  askable,
  base64,
  decodeTensor,
  encode,
  encodeTensor,
  operationsOf,
  readAnswer,
  readGreeting,
  unbase64,
} from '../../src/laws/protocol.js'
import { blocksOf, read } from '../examples.js'
import { builtC, hasCompiler, hasNumpy, root } from './build.js'

const lines = blocksOf('docs/protocol.md', 'text')[0]!.text.trim().split('\n')
const requests = lines.filter((line) => line.startsWith('> ')).map((line) => line.slice(2))
const answers = lines.filter((line) => line.startsWith('< ')).map((line) => JSON.parse(line.slice(2)))

const replies = (program: string, ...args: readonly string[]): readonly unknown[] =>
  execFileSync(program, args, { input: `${requests.join('\n')}\n`, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('the transcript of docs/protocol.md', () => {
  it('is read by the judge', () => {
    expect(requests.length).toBe(answers.length)
    const read = answers.map((answer, i) => readAnswer(JSON.parse(requests[i]!).id, JSON.stringify(answer)))
    expect(read.map((answer) => (Either.isRight(answer) ? answer.right.kind : answer.left))).toEqual(
      answers.map(({ error, missing }) => (error ? 'error' : missing ? 'missing' : 'fields')),
    )
    expect(Either.isRight(readGreeting(answers[0]))).toBe(true)
  })

  it.skipIf(!hasCompiler)('is what the port in C answers (needs cc)', () => {
    expect(replies(builtC(), 'serve')).toEqual(answers)
  })

  it.skipIf(!hasNumpy)('is what the port in Python answers, in its own words (needs numpy)', () => {
    const [hello, ...others] = replies('/usr/bin/python3', `${root}/ports/python/serve.py`)
    expect(hello).toMatchObject({ id: 1, protocol: 1, precision: 'float32' })
    expect(others).toEqual(answers.slice(1).map((x) => (x.error ? { ...x, error: expect.any(String) } : x)))
  })

  it('names every operation that can be asked for, and no other', () => {
    const rows = [...read('docs/protocol.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(rows).toEqual(askable)
  })
})

describe('the template in Python', () => {
  it('is under 200 lines', () => {
    expect(read('ports/python/serve.py').split('\n').length).toBeLessThan(200)
  })
})

describe('values in messages', () => {
  it('bytes come back, as the platform writes them too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = base64(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64'))
        expect(unbase64(text)).toEqual(bytes)
      }),
    )
  })

  it('text that is no base64 is told apart', () => {
    expect(['A', 'AAA', '====', 'AA A', 'AAA\u00e9', 'AA=A'].map(unbase64)).toEqual(Array(6).fill(null))
  })

  it('tensors come back in their own type', () => {
    for (const data of [
      Float32Array.of(0.1, -0, NaN),
      Float64Array.of(0.1, 2 ** -1074, Infinity),
      Uint8Array.of(0, 1, 2),
    ]) {
      const x = tensor([1, 3], data)
      const { dtype } = encodeTensor(x)
      expect(decodeTensor(dtype, 'x', encodeTensor(x))).toEqual(x)
    }
  })

  it('trees keep their form; maps are objects, numbers that are not finite text', () => {
    const tree = { rates: [0.5, NaN], kept: new Map([['a.b', tensor([1], Uint8Array.of(1))]]), none: null }
    expect(encode(tree, encodeTensor)).toEqual({
      rates: [0.5, 'NaN'],
      kept: { 'a.b': { dtype: 'uint8', shape: [1], data: 'AQ==' } },
      none: null,
    })
  })
})

describe('an answer that is none', () => {
  const greeting = { protocol: 1, name: 'x', precision: 'float32', operations: ['add'] }

  it.each([
    ['{"id":4}', 'answered request 4 when it was asked 3: a line too many?'],
    ['{}', 'answered a line without its id: {}'],
    ['[3]', 'answered a line that is no object: [3]'],
    ['', 'answered a line that is not JSON: '],
    ['\u001b[31mready', 'answered a line that is not JSON:  [31mready'],
  ])('%s', (line, sentence) => {
    expect(readAnswer(3, line)).toEqual(Either.left(sentence))
  })

  it.each([
    [{ ...greeting, protocol: 2 }, 'speaks version 2 of the protocol; this is version 1'],
    [{ ...greeting, protocol: undefined }, 'speaks version undefined of the protocol; this is version 1'],
    [{ ...greeting, name: 1 }, 'does not say its name'],
    [{ ...greeting, precision: 'half' }, 'does not say its precision, float32 or float64'],
    [{ ...greeting, operations: 'add' }, 'does not say which operations it has'],
    [{ ...greeting, operations: ['add', 'fires'] }, 'offers fires, which are no operations'],
  ])('greeting %o', (fields, sentence) => {
    expect(readGreeting(fields)).toEqual(Either.left(sentence))
  })

  const one = encodeTensor(tensor([1], Float32Array.of(1)))
  it.each([
    [[], 'add gave 0 outputs, should give 1'],
    [[one, one], 'add gave 2 outputs, should give 1'],
    [[null], "add's output 0 is no tensor"],
    [[{ ...one, shape: 'long' }], "add's output 0 has no shape"],
    [[{ ...one, shape: [2] }], "add's output 0 has 4 bytes, which is not the size of [2] in float32"],
    [[{ ...one, dtype: 'float64' }], "add's output 0 is float64, should be float32"],
    [[{ ...one, data: '!' }], "add's output 0 has data that is not base64"],
  ])('outputs %o', (outputs, sentence) => {
    const { add } = operationsOf({ name: 'x', precision: 'float32', operations: ['add'] }, () => outputs)
    expect(() => add!(tensor([1], Float32Array.of(1)), tensor([1], Float32Array.of(1)))).toThrow(sentence)
  })
})
