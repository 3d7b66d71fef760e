import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { parseConfig, parseConfigText } from '../../src/checkpoint/configuration.js'
import { describe as sentence } from '../../src/core/fault.js'
import { ti, variants } from '../../src/model/config.js'

const faults = (value: unknown): readonly string[] => {
  const result = parseConfig(value)
  return Either.isLeft(result) ? result.left.map(sentence) : []
}

describe('a configuration in JSON', () => {
  it.each(Object.values(variants))('may be that of the variant $name', (config) => {
    expect(parseConfigText(JSON.stringify(config))).toEqual(Either.right(config))
  })

  it('may leave out what a variant gives', () => {
    expect(parseConfig({ extends: 'ti', name: 'mine', classes: 100 })).toEqual(
      Either.right({ ...ti, name: 'mine', classes: 100, preprocessing: { kind: 'cifar100' } }),
    )
    expect(parseConfig({ extends: 'ti', charge: { kind: 'IF' }, reset: { kind: 'soft' } })).toEqual(
      Either.right({ ...ti, charge: { kind: 'IF' }, reset: { kind: 'soft' } }),
    )
  })

  it('may name the kind of its stem alone, as older files do', () => {
    expect(parseConfig({ extends: 'ti', stem: 'plain' })).toEqual(Either.right({ ...ti, stem: { kind: 'plain' } }))
    expect(faults({ extends: 'ti', stem: null })).toEqual(['configuration: stem must be an object, not null'])
  })

  it('is refused with every unknown, missing and mistyped field', () => {
    expect(
      faults({
        extends: 's',
        clases: 10,
        classes: '10',
        image: 224,
        stem: 'conv',
        stages: [{ planes: 64, heads: 1, patch: 4, detph: 1 }],
        charge: { kind: 'LIF', tau: null },
        reset: { kind: 'medium' },
      }),
    ).toEqual([
      'configuration: clases is not a field; the fields are name, image, channels, stem, stages, ratio, groupWidth, classes, charge, threshold, reset, steps, preprocessing',
      'configuration: image must be an object, not 224',
      'configuration: stem.kind must be imagenet or plain, not "conv"',
      'configuration: stages[0].detph is not a field; the fields are planes, heads, patch, depth',
      'configuration: stages[0].depth is missing',
      'configuration: classes must be a number, not "10"',
      'configuration: charge.tau must be a number, not null',
      'configuration: reset.kind must be hard or soft, not "medium"',
    ])
  })

  it('has every field where it extends nothing', () => {
    expect(faults({ name: 'mine' })).toHaveLength(12)
    expect(faults({ name: 'mine' })[0]).toBe('configuration: image is missing')
    expect(faults({ ...ti, charge: {} })).toEqual(['configuration: charge.kind is missing'])
    expect(faults({ ...ti, stages: {} })).toEqual(['configuration: stages must be a list of at most 16 stages, not {}'])
  })

  it('has no counts that would exhaust its reader', () => {
    const stage = { planes: 64, heads: 1, patch: 4, depth: 1e9 }
    expect(faults({ ...ti, stages: [stage], classes: 1e9, steps: 65_537 })).toEqual([
      'configuration: stages[0].depth must be at most 256, not 1000000000',
      'configuration: classes must be at most 65536, not 1000000000',
      'configuration: steps must be at most 65536, not 65537',
    ])
    expect(faults({ ...ti, stages: Array(1000).fill(stage) })[0]).toMatch(/stages must be a list of at most 16 stages/)
  })

  it('extends a variant or nothing', () => {
    for (const base of ['xl', 'constructor', 7, null])
      expect(faults({ extends: base })[0]).toMatch(/^configuration: extends must be ti or s or .*, not /)
  })

  it('is an object', () => {
    for (const value of [null, [], 'ti', 7])
      expect(faults(value)[0]).toMatch(/^configuration: it must be an object, not /)
    expect(Either.isLeft(parseConfigText('nope'))).toBe(true)
  })

  it('has no fields from the prototype', () => {
    expect(faults(JSON.parse('{"extends": "ti", "__proto__": {"classes": 3}}'))).toEqual([
      expect.stringMatching(/^configuration: __proto__ is not a field/),
    ])
  })
})
