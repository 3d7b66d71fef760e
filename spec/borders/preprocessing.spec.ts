/** Preprocessing belongs to the network: the right one for each, and one line where it was assumed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseConfig, parseConfigText } from '../../src/checkpoint/configuration.js'
import { CONFIG, withClassesOf } from '../../src/checkpoint/recognise.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { evaluationInput, recipeOf } from '../../src/input/evaluation.js'
import { type Config, cifar, digits, dvsg, ti } from '../../src/model/config.js'
import { cli, json, temporary } from '../cli/cli.js'
import { right, sentences } from '../right.js'

const golden = (name: string): string => join(import.meta.dirname, '../golden/borders', name)
const at = temporary()

const small: Config = {
  ...right(parseConfigText(readFileSync(golden('nano.json'), 'utf8'))),
  preprocessing: { kind: 'cifar10' },
}
writeFileSync(at('nano.safetensors'), right(encodeSafetensors(syntheticCheckpoint(small, 7), {})))

const best = async (...more: readonly string[]) => {
  const [result] = await json(
    ...[
      'classify',
      golden('cifar-flip.png'),
      '--checkpoint',
      at('nano.safetensors'),
      '--precision',
      'float64',
      '--json',
    ],
    ...more,
  )
  return result.top[0]
}

it('a CIFAR photograph is prepared as the authors do, and others as they are told', async () => {
  const cifar10 = await best('--config', golden('nano.json'))
  expect([cifar10.class, cifar10.logit.toFixed(4)]).toEqual([0, '1.5702'])
  const imagenet = await best('--config', golden('nano.json'), '--preprocessing', 'imagenet')
  expect([imagenet.class, imagenet.logit.toFixed(4)]).toEqual([6, '1.0471'])
})

it('convert keeps it, inspect shows it, and classify takes it from there', async () => {
  const config = ['--config', golden('nano.json'), '--preprocessing', 'cifar100']
  await cli('convert', at('nano.safetensors'), at('kept.safetensors'), ...config)
  const { metadata } = right(decodeSafetensors(new Uint8Array(readFileSync(at('kept.safetensors')))))
  expect(JSON.parse(metadata[CONFIG]!).preprocessing).toEqual({ kind: 'cifar100' })
  expect((await cli('inspect', at('kept.safetensors'))).out).toContain(
    'images: cifar100: bicubic, crop 1, mean 0.5071 0.4867 0.4408, deviation 0.2675 0.2565 0.2761',
  )
  const kept = await json('classify', golden('cifar-flip.png'), '--checkpoint', at('kept.safetensors'), '--json')
  expect(kept).toEqual(
    await json('classify', golden('cifar-flip.png'), '--checkpoint', at('nano.safetensors'), '--json', ...config),
  )
})

describe('what a network’s build tells', () => {
  it.each<[string, Config, Config['preprocessing']['kind']]>([
    ['ti', ti, 'imagenet'],
    ['cifar', cifar, 'cifar10'],
    ['cifar of 100 classes', { ...cifar, classes: 100 }, 'cifar100'],
    ['ti of 10 classes', { ...ti, classes: 10 }, 'cifar10'],
    ['ti of 100 classes', { ...ti, classes: 100 }, 'cifar100'],
    ['ti of 50 classes', { ...ti, classes: 50 }, 'imagenet'],
    ['dvsg', dvsg, 'events'],
    ['digits', digits, 'digits'],
  ])('%s', (_, config, kind) => {
    const checkpoint = syntheticCheckpoint({ ...config, stages: config.stages.slice(0, 1) }, 7)
    const base = { ...config, classes: 0, preprocessing: { kind: 'imagenet' } } as const
    expect(withClassesOf(checkpoint)(base).preprocessing).toEqual({ kind })
    const { preprocessing: _dropped, ...rest } = config
    expect(right(parseConfig(rest)).preprocessing).toEqual({ kind })
  })

  it('an ImageNet variant of 10 classes is assumed to be of CIFAR, in one line', async () => {
    const config: Config = {
      ...ti,
      name: 'mine',
      stages: small.stages,
      groupWidth: 8,
      classes: 10,
      image: { height: 32, width: 32 },
    }
    writeFileSync(at('mine.safetensors'), right(encodeSafetensors(syntheticCheckpoint(config, 7), {})))
    const { preprocessing: _dropped, ...rest } = config
    writeFileSync(at('mine.json'), JSON.stringify(rest))
    const line =
      'images are prepared as for cifar10, from its 10 classes; --preprocessing imagenet, or another, chooses'
    const of = ['inspect', at('mine.safetensors'), '--config', at('mine.json')]
    expect((await cli(...of)).err).toContain(line)
    expect((await cli(...of, '--preprocessing', 'imagenet')).err).toBe('')
  })
})

it('values of one’s own are checked and used', () => {
  const own = { kind: 'own', mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.25, 1], crop: 1, interpolation: 'bilinear' }
  const { preprocessing } = right(parseConfig({ extends: 'cifar', preprocessing: own }))
  const white = { height: 4, width: 4, channels: 3 as const, pixels: new Uint8Array(48).fill(255) }
  const { data } = right(evaluationInput({ height: 2, width: 2 }, recipeOf(preprocessing)!)(white))
  expect([data[0], data[4], data[8]]).toEqual([1, 2, 0.5])
  for (const [bad, field] of [
    [{ ...own, crop: 0 }, 'preprocessing.crop'],
    [{ ...own, crop: 1.5 }, 'preprocessing.crop'],
    [{ ...own, deviation: [1, 0, 1] }, 'preprocessing.deviation[1]'],
    [{ ...own, mean: [1, 2] }, 'preprocessing.mean'],
    [{ ...own, interpolation: 'nearest' }, 'preprocessing.interpolation'],
    [{ kind: 'mnist' }, 'preprocessing.kind'],
    ['cifar10', 'preprocessing'],
  ] as const)
    expect(sentences(parseConfig({ extends: 'cifar', preprocessing: bad }))).toEqual([
      expect.stringMatching(`^configuration: ${field.replace(/[[\]]/g, '\\$&')} `),
    ])
})

it('an image is no recording', async () => {
  const { err, code } = await cli(
    'classify',
    golden('good.jpg'),
    '--checkpoint',
    at('nano.safetensors'),
    '--config',
    golden('nano.json'),
    '--preprocessing',
    'events',
  )
  expect(code).toBe(1)
  expect(err).toContain('this network takes the recordings of an event camera, not images')
})
