/** Which weights: the right dictionary under the network's own keys, from files as users of PyTorch write them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as Either from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseConfigText } from '../../src/checkpoint/configuration.js'
import { parseAs } from '../../src/checkpoint/mismatch.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { syntheticCheckpoint } from '../../src/checkpoint/synthetic.js'
import { weightsAmong } from '../../src/checkpoint/weights.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { cifar, digits, s } from '../../src/model/config.js'
import { readWeights } from '../../src/node/weights.js'
import { cli, json, temporary } from '../cli/cli.js'
import { right, sentences } from '../right.js'

const golden = (name: string): string => join(import.meta.dirname, '../golden/borders', name)
const nano = right(parseConfigText(readFileSync(golden('nano.json'), 'utf8')))
const at = temporary()

/** The first logits of `x.safetensors`, in float64. */
const logitsOf = async (checkpoint: string, ...more: readonly string[]): Promise<readonly number[]> => {
  const [result] = await json(
    ...['classify', golden('x.safetensors'), '--config', golden('nano.json'), '--checkpoint', checkpoint],
    ...['--precision', 'float64', '--top', '10', '--json', ...more],
  )
  const top: readonly { readonly class: number; readonly logit: number }[] = result.top
  return [...top].sort((a, b) => a.class - b.class).map(({ logit }) => logit)
}

const expected = [0.6286, -0.0447, -0.3358, 0.0442, -0.864, -0.0097, 0.9155, -0.255, -0.1755, -0.1698]

describe('checkpoints as PyTorch’s users write them give the network’s logits', () => {
  it.each([
    'ddp-module.pth',
    'tutorial-model_state_dict.pth',
    'torchvision-args-namespace.pth',
    'timm-ema.pth',
    'thop-total_ops.pth',
  ])('%s', async (name) => {
    const logits = await logitsOf(golden(name))
    for (const [k, logit] of logits.entries()) expect(logit).toBeCloseTo(expected[k]!, 4)
  })

  it('of two dictionaries the averaged one, said; the other by its name', async () => {
    const { err } = await cli('convert', golden('timm-ema.pth'), at('ema.safetensors'))
    expect(err).toContain('took the averaged weights state_dict_ema, not state_dict; --weights chooses')
    expect((await logitsOf(golden('timm-ema.pth'), '--weights', 'state_dict'))[6]).toBeCloseTo(0.3796, 4)
    const unknown = await cli('convert', golden('timm-ema.pth'), at('x.safetensors'), '--weights', 'teacher')
    expect(unknown.err).toContain('it has no weights named "teacher"; it has state_dict, state_dict_ema')
  })

  it('a profiler’s numbers are left out, said', async () => {
    expect(right(await readWeights()(golden('thop-total_ops.pth'))()).notes).toEqual([
      "left out 364 numbers of a profiler's bookkeeping (total_ops, total_params, ...)",
    ])
  })

  it('digits with a prefix, in half precision, are recognised', async () => {
    const { out } = await cli('inspect', golden('digits-ddp-half.pth'))
    expect(out).toContain('SpikingResformer digits: 1 x 16 x 16, 10 classes')
  })

  it('convert writes the network’s own keys', async () => {
    await cli('convert', golden('ddp-module.pth'), at('own.safetensors'))
    const { tensors } = right(decodeSafetensors(new Uint8Array(readFileSync(at('own.safetensors')))))
    expect([...tensors.keys()].filter((key) => key.startsWith('module'))).toEqual([])
    expect(Either.isRight(parseAs(nano)(tensors))).toBe(true)
  })
})

describe('the rule', () => {
  const keys = ['prologue.0.weight', 'classifier.weight']
  const under = (prefix: string): readonly string[] => keys.map((key) => prefix + key)
  const taken = (wanted: string | null, ...dictionaries: readonly (readonly [string, readonly string[]])[]) => {
    const {
      dictionary,
      keys: own,
      notes,
    } = right(weightsAmong(wanted)(dictionaries.map(([name, all]) => ({ name, keys: all }))))
    return [dictionary, [...own.keys()], [...own.values()][0], notes]
  }

  it.each(['', 'module.', '_orig_mod.', 'module._orig_mod.', 'model.', 'net.backbone.'])('takes off %s', (prefix) => {
    expect(taken(null, ['net', under(prefix)])).toEqual(['net', keys, `${prefix}prologue.0.weight`, []])
  })

  it.each([
    ['ema', 'model'],
    ['model_ema', 'state_dict'],
    ['state_dict_ema', 'model_ema'],
    ['ema_state_dict', 'state_dict'],
    ['swa', 'net'],
    ['state_dict', 'model'],
    ['model', 'net'],
  ])('takes %s before %s, in either order', (first, second) => {
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const [name, , , notes] = taken(null, ...order.map((one) => [one, keys] as const))
      expect(name).toBe(first)
      expect(notes).toEqual([expect.stringContaining(`${first}, not ${second}; --weights chooses`)])
    }
    expect(taken(second, [first, keys], [second, keys])[0]).toBe(second)
  })

  it('of two prefixes in one dictionary, as Lightning keeps them, takes the averaged one', () => {
    const both = [...under('model.'), ...under('model_ema.module.')]
    expect(taken(null, ['state_dict', both])[2]).toBe('model_ema.module.prologue.0.weight')
    expect(taken('model', ['state_dict', both])[2]).toBe('model.prologue.0.weight')
  })

  it('leaves out keys that are not under the prefix, and says so', () => {
    expect(taken(null, ['state_dict', [...under('model.'), 'criterion.weight']])).toEqual([
      'state_dict',
      keys,
      'model.prologue.0.weight',
      ['left out 1 keys that are not under model. (criterion.weight)'],
    ])
  })
})

describe('a checkpoint of another network is refused in one sentence', () => {
  const nanoWeights = syntheticCheckpoint(nano, 7)
  it.each<[string, ReadonlyMap<string, Tensor>, typeof nano, RegExp]>([
    [
      'classes',
      syntheticCheckpoint({ ...nano, classes: 7 }, 7),
      nano,
      /^it has 7 classes, .* nano has 10; .*"classes": 7$/,
    ],
    [
      'another variant',
      syntheticCheckpoint(s, 7),
      cifar,
      /^its weights are of the variant s, not of cifar: \d+ have other shapes \(the first: .*\); give --variant s$/,
    ],
    ['no variant', nanoWeights, digits, /^it is not a checkpoint of digits: 1\d\d have other shapes/],
    [
      'half of it',
      new Map([...nanoWeights].slice(0, 80)),
      nano,
      /^it is not a checkpoint of nano: \d+ of \d+ keys are missing \(the first: layers/,
    ],
    [
      'none of it',
      new Map([['conv1.weight', tensor([1], Float32Array.of(1))]]),
      nano,
      /^none of its 1 tensors is of this network \(the first is named conv1.weight\); give a checkpoint with keys such/,
    ],
    ['nothing', new Map(), nano, /^none of its 0 tensors is of this network; /],
    [
      'one key more',
      new Map<string, Tensor>(nanoWeights).set('classifier.bias', tensor([10], new Float32Array(10))),
      nano,
      /^classifier.bias: not a key of this network/,
    ],
    [
      'rates of an untrained network',
      new Map<string, Tensor>(
        [...nanoWeights].map(([key, t]) => [
          key,
          key.includes('firing_rate')
            ? tensor(
                t.shape,
                t.data.map(() => 0),
              )
            : t,
        ]),
      ),
      nano,
      /^\d+ heads have firing rate 0.*the first: layers.0.0.firing_rate_x/,
    ],
    [
      'what a training left that diverged',
      new Map<string, Tensor>(
        [...nanoWeights].map(([key, { shape, data }]) => [
          key,
          { shape, data: Float64Array.from(data, () => Number.NaN) },
        ]),
      ),
      nano,
      /^\d+ of its tensors have other numbers than a network \(the first: element 0 of prologue.0.weight is NaN\); give/,
    ],
    [
      'a quantised network',
      new Map<string, Tensor>(
        [...nanoWeights].map(([key, { shape, data }]) => [
          key,
          { shape, data: key.endsWith('.weight') ? new Uint8Array(data.length) : data },
        ]),
      ),
      nano,
      /^\d+ of its tensors have other numbers than a network \(the first: prologue.0.weight has type Uint8Array\); give/,
    ],
    [
      'one number that is none',
      new Map<string, Tensor>(nanoWeights).set(
        'classifier.weight',
        tensor(
          nanoWeights.get('classifier.weight')!.shape,
          nanoWeights.get('classifier.weight')!.data.map((x) => x / 0),
        ),
      ),
      nano,
      /^classifier.weight: element 0 is -?Infinity; every number must be finite$/,
    ],
  ])('%s', (_, tensors, config, sentence) => {
    expect(sentences(parseAs(config)(tensors))).toEqual([expect.stringMatching(sentence)])
  })
})

describe('files that are not the checkpoint are named', () => {
  const write = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(at(name), bytes)
    return at(name)
  }
  it.each<[string, () => string, string]>([
    [
      'a Git LFS pointer',
      () => golden('lfs-pointer.safetensors'),
      'a Git LFS pointer, which stands for the file; fetch',
    ],
    ['a web page', () => write('p.pth', '<!DOCTYPE html><html></html>'), 'a web page; download the file itself'],
    ['a web page with blanks', () => write('p.bin', '\n\n<html lang="en">'), 'a web page; download the file itself'],
    ['a zip around it', () => golden('drive-zip.zip'), 'a zip archive around spikingresformer_ti.pth; unzip it'],
    ['TorchScript', () => golden('torchscript.pt'), 'it is a TorchScript module; load it with torch.jit.load'],
    ['NumPy’s archive', () => golden('dvs128-frames-spikingjelly.npz'), 'it is a NumPy archive (.npz)'],
    [
      'a bare pickle',
      () => write('l.pth', Uint8Array.of(0x80, 2, 0x8a, 10, 1)),
      'a bare pickle, as PyTorch before 1.6',
    ],
    ['gzip', () => write('x.pth.tar', Uint8Array.of(0x1f, 0x8b, 8, 0)), 'it is a gzip archive; unpack it'],
    ['an image', () => golden('good.jpg'), 'it is a JPEG image; give a .safetensors file'],
    ['text', () => write('t.pth', 'hello'), 'it is a text; give'],
    ['JSON', () => write('j.pth', '{"a": 1}'), 'it is a JSON text; give'],
    ['nothing', () => write('e.pth', ''), 'it is an empty file; fetch or save it again'],
    ['HDF5', () => write('m.h5', '\x89HDF\r\n\x1a\n'), 'not a readable checkpoint'],
    ['noise', () => write('n.pth', Uint8Array.of(1, 2, 3, 200, 201)), 'it is neither a safetensors file nor'],
  ])('%s', async (_, path, problem) => {
    const result = await readWeights()(path())()
    expect(sentences(result)).toEqual([expect.stringContaining(problem)])
  })
})

describe('a checkpoint in parts', () => {
  const weights = syntheticCheckpoint(digits, 7)
  const half = weights.size / 2
  beforeAll(() => {
    mkdirSync(at('parts'))
    for (const [i, part] of [[...weights].slice(0, half), [...weights].slice(half)].entries())
      writeFileSync(at(`parts/model-0000${i + 1}-of-00002.safetensors`), right(encodeSafetensors(new Map(part), {})))
    writeFileSync(
      at('parts/model.safetensors.index.json'),
      JSON.stringify({
        weight_map: Object.fromEntries(
          [...weights.keys()].map((key, i) => [key, `model-0000${i < half ? 1 : 2}-of-00002.safetensors`]),
        ),
      }),
    )
  })

  it.each(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json'])(
    'is read whole from %s',
    async (name) => {
      const { tensors } = right(await readWeights()(at(`parts/${name}`))())
      expect(tensors.size).toBe(weights.size)
      expect(Either.isRight(parseAs(digits)(tensors))).toBe(true)
    },
  )

  it('names the part that is missing, and an index that is none', async () => {
    const file = at('model-00001-of-00002.safetensors')
    writeFileSync(file, right(encodeSafetensors(weights, {})))
    const missing = 'the checkpoint is in 2 parts, and part 2 cannot be read'
    expect(sentences(await readWeights()(file)())).toEqual([expect.stringContaining(missing)])
    writeFileSync(at('model.safetensors.index.json'), readFileSync(golden('model.safetensors.index.json')))
    expect(sentences(await readWeights()(at('model.safetensors.index.json'))())).toEqual([
      expect.stringContaining(missing),
    ])
    for (const bad of ['{}', '[', '{"weight_map":{"a":"../b"}}', '{"weight_map":{"a":3}}', 'null']) {
      writeFileSync(at('bad.index.json'), bad)
      expect(sentences(await readWeights()(at('bad.index.json'))())).toEqual([
        expect.stringContaining('not a readable index of a checkpoint'),
      ])
    }
  })
})
