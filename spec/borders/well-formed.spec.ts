import vm from 'node:vm'
import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Faults, describe as sentence } from '../../src/core/fault.js'
import { elementType, type Tensor, tagOf, toPrecision } from '../../src/core/tensor.js'
import { finiteReals, wellFormed } from '../../src/core/well-formed.js'

const said = (result: Either.Either<Faults, Tensor>): string =>
  Either.isLeft(result) ? sentence(result.left[0]) : 'a tensor'

const foreign = (code: string): unknown => vm.runInNewContext(code)

const transferred = (): Float32Array => {
  const data = new Float32Array(4)
  structuredClone(data.buffer, { transfer: [data.buffer] })
  return data
}

describe('element types', () => {
  it.each([
    ['Float64Array.of(1)', 'float64'],
    ['Float32Array.of(1)', 'float32'],
    ['Uint8Array.of(1)', 'uint8'],
    ['BigInt64Array.of(1n)', 'int64'],
    ['Int8Array.of(1)', null],
    ['Uint8ClampedArray.of(1)', null],
    ['Int16Array.of(1)', null],
    ['Uint16Array.of(1)', null],
    ['Int32Array.of(1)', null],
    ['Uint32Array.of(1)', null],
    ['BigUint64Array.of(1n)', null],
    ['new DataView(new ArrayBuffer(8))', null],
    ['new ArrayBuffer(8)', null],
    ['[1]', null],
    ['"1"', null],
    ['null', null],
    ['undefined', null],
  ])('%s is told by tag in this realm and in another: %s', (code, type) => {
    expect(elementType(foreign(code))).toBe(type)
    expect(elementType(vm.runInThisContext(`(${code})`))).toBe(type)
  })

  it('are not feigned by a tag of the value’s own', () => {
    expect(elementType({ [Symbol.toStringTag]: 'Float32Array', length: 1, 0: 1 })).toBeNull()
  })

  it('a subclass is what it extends, and a Buffer is bytes', () => {
    expect(tagOf(Buffer.from([1]))).toBe('Uint8Array')
    expect(elementType(Buffer.from([1]))).toBe('uint8')
  })

  it('a precision that another realm’s array has is kept, not copied', () => {
    const data = foreign('Float32Array.of(0.5)') as Float32Array
    expect(toPrecision('float32', data)).toBe(data)
  })
})

describe('a tensor from outside', () => {
  it.each([
    ['x: it is not a tensor but Null; give a shape and its data', null],
    ['x: it is not a tensor but Number; give a shape and its data', 3],
    ['x: it is not a tensor but Float32Array; give a shape and its data', Float32Array.of(1)],
    [
      'x: its shape Undefined is not a list of counts; give whole numbers of at least 0',
      { shape: undefined, data: Float32Array.of(1) },
    ],
    [
      'x: its shape [1.5] is not a list of counts; give whole numbers of at least 0',
      { shape: [1.5], data: Float32Array.of(1) },
    ],
    [
      'x: its shape [-1, 2] is not a list of counts; give whole numbers of at least 0',
      { shape: [-1, 2], data: Float32Array.of(1) },
    ],
    [
      'x: its shape [1] is not a list of counts; give whole numbers of at least 0',
      { shape: ['1'], data: Float32Array.of(1) },
    ],
    [
      'x: its shape [NaN] is not a list of counts; give whole numbers of at least 0',
      { shape: [Number.NaN], data: Float32Array.of(1) },
    ],
    ['x: 2 numbers are not a tensor of shape [3]; give 3 numbers', { shape: [3], data: Float32Array.of(1, 2) }],
    ['x: 4 numbers are not a tensor of shape [3]; give 3 numbers', { shape: [3], data: new Uint8Array(4) }],
    ['x: 0 numbers are not a tensor of shape []; give 1 numbers', { shape: [], data: new Float64Array(0) }],
    [
      'x: 1 numbers are not a tensor of shape [9007199254740991, 3]; give a shape whose numbers can be counted',
      { shape: [Number.MAX_SAFE_INTEGER, 3], data: new Float64Array(1) },
    ],
    [
      'x: its buffer was transferred away, and its numbers with it; give a copy of the numbers',
      { shape: [4], data: transferred() },
    ],
    [
      'x: its buffer was transferred away, and its numbers with it; give a copy of the numbers',
      { shape: [0], data: transferred() },
    ],
    [
      'x: has type Int32Array, expected Float64Array or Float32Array or Uint8Array or BigInt64Array',
      { shape: [1], data: Int32Array.of(1) },
    ],
    [
      'x: has type ArrayBuffer, expected Float64Array or Float32Array or Uint8Array or BigInt64Array',
      { shape: [1], data: new ArrayBuffer(4) },
    ],
    ['a tensor', { shape: [0, 3], data: new Float32Array(0) }],
    ['a tensor', { shape: [], data: new BigInt64Array(1) }],
    ['a tensor', { shape: foreign('[2]'), data: foreign('Float64Array.of(1, 2)') }],
    ['a tensor', { shape: [1], data: Float32Array.of(Number.NaN) }],
  ])('%s', (sentenceOf, value) => {
    expect(said(wellFormed('x')(value))).toBe(sentenceOf)
  })

  it('of real numbers has no others, and only finite ones', () => {
    expect(said(finiteReals('x')({ shape: [1], data: Uint8Array.of(1) }))).toBe(
      'x: has type Uint8Array, expected Float64Array or Float32Array',
    )
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(said(finiteReals('x')({ shape: [3], data: Float32Array.of(1, 2, bad) }))).toBe(
        `x: element 2 is ${bad}; every number must be finite`,
      )
    expect(said(finiteReals('x')({ shape: [2], data: foreign('Float32Array.of(1, 2)') }))).toBe('a tensor')
  })

  it('a name of a million characters is shortened', () => {
    const name = 'x'.repeat(1_000_000)
    for (const value of [
      null,
      { shape: [1], data: 1 },
      { shape: [2], data: Float32Array.of(1) },
      { shape: [1], data: Float32Array.of(Number.NaN) },
    ])
      expect(said(finiteReals(name)(value)).length).toBeLessThan(300)
  })
})
