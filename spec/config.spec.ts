import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { syntheticCheckpoint } from '../src/checkpoint/synthetic.js'
import { describe as sentence } from '../src/core/fault.js'
import { sym } from '../src/core/random.js'
import { type Tensor, tensor } from '../src/core/tensor.js'
import { type Config, cifar, digits, dvsg, featureMaps, l, m, s, ti, validate, variants } from '../src/model/config.js'
import { forward, network } from '../src/model/network.js'
import { blank, layout, parameterCount, parse } from '../src/model/parameters.js'
import { architecture } from '../src/observers/architecture.js'
import { unobserved } from '../src/observers/observe.js'
import { json, right } from './golden.js'

const sentences = (either: Either.Either<readonly Parameters<typeof sentence>[0][], unknown>): readonly string[] =>
  Either.isLeft(either) ? either.left.map(sentence) : []

describe('configurations', () => {
  it('the named ones are valid, with the parameters the authors’ code has', () => {
    for (const config of Object.values(variants)) expect(validate(config)).toEqual(Either.right(config))
    expect([ti, s, m, l, cifar, dvsg].map((config) => parameterCount(config).all)).toEqual([
      11_180_992, 17_813_824, 35_601_472, 60_375_680, 10_793_152, 2_709_830,
    ])
  })

  it('without batch norm the counts are the paper’s 11.14 M, 17.76 M, 35.52 M', () => {
    expect([ti, s, m].map((config) => (parameterCount(config).withoutBatchNorm / 1e6).toFixed(2))).toEqual([
      '11.14',
      '17.76',
      '35.52',
    ])
  })

  it('feature maps follow the strides', () => {
    const sides = (config: Config): readonly number[] => featureMaps(config).map(({ height }) => height)
    expect(sides(ti)).toEqual([56, 28, 14])
    expect(sides({ ...ti, image: { height: 288, width: 288 } })).toEqual([72, 36, 18])
    expect(sides(cifar)).toEqual([32, 16, 8])
  })

  it('every inconsistency is named, all of them at once', () => {
    const impossible: Config = {
      ...cifar,
      image: { height: 30, width: 32 },
      stages: cifar.stages.map((stage, i) => (i === 1 ? { ...stage, heads: 5 } : stage)),
      threshold: 0,
      charge: { kind: 'LIF', tau: 0 },
    }
    expect(sentences(validate(impossible))).toEqual([
      'configuration: charge.tau must be at least 1, not 0',
      'configuration: reset.value must be below the threshold 0, not 0: a neuron at rest would fire',
      "configuration: stages[0].patch is 4, which does not divide the feature map's height, 30",
      'configuration: stages[1].heads is 5, which does not divide planes, 192',
      "configuration: stages[1].patch is 2, which does not divide the feature map's height, 15",
    ])
  })

  it.each([
    ['no stage', { stages: [] }, 'stages must have at least one stage'],
    ['a fraction of a step', { steps: 1.5 }, 'steps must be a whole number of at least 1, not 1.5'],
    ['no classes', { classes: 0 }, 'classes must be a whole number of at least 1, not 0'],
    ['a threshold that is no number', { threshold: Number.NaN }, 'threshold must be a finite number, not NaN'],
    [
      'a group that does not divide',
      { groupWidth: 7 },
      'groupWidth is 7, which does not divide ratio x stages[0].planes, 256',
    ],
    [
      'a soft reset from nothing',
      { threshold: 0, reset: { kind: 'soft' } },
      'threshold must be above 0 with a soft reset, not 0',
    ],
    [
      'an infinite PLIF',
      { charge: { kind: 'PLIF', w: Number.POSITIVE_INFINITY } },
      'charge.w must be a finite number, not Infinity',
    ],
  ] as readonly (readonly [string, Partial<Config>, string])[])('%s', (_, change, problem) => {
    expect(sentences(validate({ ...cifar, ...change }))).toContain(`configuration: ${problem}`)
  })
})

describe('parameters', () => {
  const checkpoint = syntheticCheckpoint(digits, 1)
  const change = (key: string, value: Tensor | null): ReadonlyMap<string, Tensor> => {
    const changed = new Map<string, Tensor>(checkpoint)
    changed.delete(key)
    return value === null ? changed : changed.set(key, value)
  }

  it('the generator is the one of every language', () => {
    const golden = json('sym.json')
    expect([...sym(golden.name, golden.seed, 4)]).toEqual(golden.values)
    expect([...sym(golden.weight.name, golden.weight.seed, 4)]).toEqual(golden.weight.values)
  })

  it('the tree holds exactly what the checkpoint holds', () => {
    expect(Either.isRight(parse(digits)(checkpoint))).toBe(true)
    expect(new Set(layout(digits).map(({ key }) => key)).size).toBe(layout(digits).length)
    expect(layout(dvsg).filter(({ role }) => role === 'leak').length).toBe(38)
  })

  it('missing, surplus and misshapen keys are listed, all of them, with what was expected', () => {
    const wrong = new Map<string, Tensor>(checkpoint)
    wrong.delete('layers.1.0.conv.weight')
    wrong.set('layers.9.0.conv.weight', tensor([1], new Float32Array(1)))
    wrong.set('prologue.0.weight', tensor([16, 3, 3, 3], new Float32Array(432)))
    expect(sentences(parse(digits)(wrong))).toEqual([
      'prologue.0.weight: has shape [16, 3, 3, 3], expected [16, 1, 3, 3]; is the checkpoint of another variant?',
      'layers.1.0.conv.weight: missing, expected shape [32, 16, 3, 3]',
      'layers.9.0.conv.weight: not a key of this network (its shape is [1]); is the checkpoint of another variant?',
    ])
  })

  it('a checkpoint of another variant says so', () => {
    expect(sentences(parse(ti)(checkpoint)).length).toBeGreaterThan(100)
  })

  it('a silent head is an error with a name, never a NaN', () => {
    const silent = change('layers.1.1.firing_rate_x', tensor([1, 1, 2, 1, 1], Float32Array.of(0.1, 0)))
    expect(sentences(parse(digits)(silent))).toEqual([
      'layers.1.1.firing_rate_x: head 1 has firing rate 0, so its scale 1/sqrt(rate * m) does not exist; the head was silent when the rates were recorded, or they never were: train or calibrate the checkpoint before using it',
    ])
    const rates = [Number.NaN, -0.1, 1.5].map((rate) =>
      Either.isLeft(
        parse(digits)(change('layers.0.0.firing_rate_attn', tensor([1, 1, 1, 1, 1], Float32Array.of(rate)))),
      ),
    )
    expect(rates).toEqual([true, true, true])
  })

  it('numbers that are not finite, negative variances and wrong types are named', () => {
    const nan = change('classifier.weight', tensor([10, 64], new Float32Array(640).fill(1).fill(Number.NaN, 7, 8)))
    expect(sentences(parse(digits)(nan))).toEqual(['classifier.weight: element 7 is NaN; every number must be finite'])
    const negative = change('prologue.1.bn.running_var', tensor([16], new Float32Array(16).fill(-1)))
    expect(sentences(parse(digits)(negative))[0]).toContain('a variance is never negative')
    const bytes = change('classifier.weight', tensor([10, 64], new Uint8Array(640)))
    expect(sentences(parse(digits)(bytes))).toEqual([
      'classifier.weight: has type Uint8Array, expected Float64Array or Float32Array',
    ])
  })

  it('an impossible configuration is refused before any weight is looked at', () => {
    expect(sentences(parse({ ...digits, classes: 0 })(new Map()))).toEqual([
      'configuration: classes must be a whole number of at least 1, not 0',
    ])
  })
})

describe('shapes without computing', () => {
  const net = network(architecture)(right(blank(ti)))

  it('an architecture table, of the shapes the authors’ network has', () => {
    const { value, notes } = forward(net)(4)(unobserved(Either.right([1, 1, 3, 224, 224])))
    expect(value).toEqual(Either.right([4, 1, 1000]))
    expect(notes.get('prologue')?.output).toEqual([1, 1, 64, 56, 56])
    expect(notes.get('layers.0.0.activation_attn')?.output).toEqual([4, 1, 1, 196, 3136])
    expect(notes.get('layers.2.1.W')?.output).toEqual([4, 1, 768, 14, 14])
    // 7 x 7 x 3 weights at each of 64 x 112 x 112 outputs
    expect(notes.get('prologue')?.denseMacs).toBe(49 * 3 * 64 * 112 * 112)
  })

  it('an image of another size or channel count is refused', () => {
    const { value } = forward(net)(4)(unobserved(Either.right([1, 1, 3, 192, 192])))
    expect(sentences(value)[0]).toContain('are not a feature map of 56 x 56')
    expect(sentences(forward(net)(4)(unobserved(Either.right([1, 1, 1, 224, 224]))).value)[0]).toContain(
      'a convolution of 3 channels was given [1, 1, 1, 224, 224]',
    )
  })
})
