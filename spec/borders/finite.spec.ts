/** Numbers that stop being finite, wherever they do: one sentence that names the place, and exit code 1. */
import { readFileSync } from 'node:fs'
import * as Either from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { syntheticCheckpoint, syntheticInput } from '../../src/checkpoint/synthetic.js'
import { compile } from '../../src/compiled/network.js'
import { membranesOf, type Potentials } from '../../src/compiled/potentials.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { cifar, digits } from '../../src/model/config.js'
import { parse } from '../../src/model/parameters.js'
import { cli, saved, temporary } from '../cli/cli.js'
import { right, sentences } from '../right.js'

const at = temporary()
const bundled = right(
  decodeSafetensors(new Uint8Array(readFileSync(new URL('../../data/digits.safetensors', import.meta.url)))),
).tensors

/** The bundled digits network, some of its weights as large as float32 allows. */
const huge = (name: string, which: RegExp): string =>
  saved(
    at(name),
    Object.fromEntries(
      [...bundled].map(([key, value]): [string, Tensor] =>
        which.test(key)
          ? [
              key,
              tensor(
                value.shape,
                Float32Array.from(Array.from(value.data, Number), (x) => Math.max(-3e38, Math.min(3e38, 3e38 * x))),
              ),
            ]
          : [key, value],
      ),
    ),
  )

describe.each([
  ['the classifier', /^classifier/],
  ['every gain', /bn\.weight$/],
])('%s times 3e38', (what, which) => {
  const checkpoint = huge(`${what}.safetensors`, which)
  it.each([
    ['classify', '--count', '2'],
    ['classify', '--count', '1', '--json'],
    ['evaluate', 'digits', '--precision', 'float32'],
  ])('%s %s %s is one sentence, exit code 1, and prints no result', async (...command) => {
    const { code, out, err } = await cli(...command, '--checkpoint', checkpoint)
    expect([code, out]).toEqual([1, ''])
    for (const line of err.trim().split('\n')) expect(line).toMatch(/^error: .*(Infinity|NaN).*; /)
  })
})

describe('a stream', () => {
  const net = compile()(right(parse(cifar)(syntheticCheckpoint(cifar, 7))))
  const frame = (value?: number): Tensor<Float32Array> => {
    const data = Float32Array.from(syntheticInput([1, 1, 3, 32, 32], 7).data)
    if (value !== undefined) data[1500] = value
    return tensor([1, 1, 3, 32, 32], data)
  }

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a pixel of %d in still, frames and step', (value) => {
    const sentence = [`the input: element 1500 is ${value}; every number must be finite`]
    expect(sentences(net.still(2)(frame(value)))).toEqual(sentence)
    expect(sentences(net.frames(frame(value)))).toEqual(sentence)
    expect(sentences(net.step(frame(value))(new Map()))).toEqual(sentence)
  })

  it.each([1e37, 3e38])('says where membranes stop being finite, and goes on from those before: all of %d', (value) => {
    const run = (state: Potentials, image: Tensor<Float32Array>) => net.step(image)(state)
    const [, before] = right(run(new Map(), frame()))
    const overflowing = run(
      before,
      tensor(
        [1, 1, 3, 32, 32],
        frame().data.map((x) => x * value),
      ),
    )
    if (Either.isRight(overflowing)) {
      const numbers = [...membranesOf(overflowing.right[1]).values()].flatMap(({ data }) => Array.from(data))
      expect(numbers.every(Number.isFinite)).toBe(true)
    } else expect(sentences(overflowing)[0]).toMatch(/: element \d+ is -?(Infinity|NaN); every number must be finite$/)
    expect(
      pipe(
        run(before, frame()),
        Either.map(([logits]) => Array.from(logits.data).every(Number.isFinite)),
      ),
    ).toEqual(Either.right(true))
  })
})

describe('a network of other classes than the data set’s', () => {
  it.each([1, 5, 11])('of %d is refused before it runs', async (classes) => {
    const checkpoint = saved(
      at(`${classes}.safetensors`),
      Object.fromEntries(syntheticCheckpoint({ ...digits, classes }, 7)),
    )
    expect(await cli('evaluate', 'digits', '--checkpoint', checkpoint)).toEqual({
      code: 1,
      out: '',
      err: `error: the network has ${classes} classes, but the digits have 10; give a network for digits\n`,
    })
  })
})
