/** `compare`: what two runs first differ in, and what a port's real mistakes look like. */
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { causesAmong } from '../../properties/mutants/firsts.js'
import { mutants } from '../../properties/mutants/mutants.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { type Tensor, tensor } from '../../src/core/tensor.js'
import { withFileOrPipe } from '../../src/node/files.js'
import { type Cause, causesOf } from '../../src/tasks/causes.js'
import type { Difference } from '../../src/tasks/compare.js'
import type { Kind } from '../../src/tasks/difference.js'
import { blocksOf } from '../examples.js'
import { right, type TracedRow } from '../golden.js'
import { builtC, builtWith, hasCompiler, root } from '../ports/build.js'
import { mistakes } from '../ports/mistakes.js'
import { sentences as sentencesOf } from '../right.js'
import { cli, json, saved, temporary } from './cli.js'

const file = temporary()
const small = ['trace', 'digits', '--synthetic', '7', '--steps', '2', '--precision', 'float32']

let trace: TracedRow
let tensors: ReadonlyMap<string, Tensor>
beforeAll(async () => {
  trace = await json(...small, '--values', file('wanted.safetensors'))
  writeFileSync(file('wanted.json'), JSON.stringify(trace))
  tensors = right(decodeSafetensors(new Uint8Array(readFileSync(file('wanted.safetensors'))))).tensors
})

/** Compares with the right values, some of which are changed. */
const compared = async (change: (all: Map<string, Tensor>) => unknown) => {
  const all = new Map(tensors)
  change(all)
  writeFileSync(file('mine.safetensors'), right(encodeSafetensors(all, {})))
  return cli('compare', file('wanted.safetensors'), file('mine.safetensors'))
}

/** And with the right trace. */
const comparedTrace = async (change: (row: Record<string, unknown>) => unknown) => {
  const row = structuredClone(trace) as unknown as Record<string, unknown>
  change(row)
  writeFileSync(file('mine.json'), JSON.stringify(row))
  return cli('compare', file('wanted.json'), file('mine.json'))
}

const floats = (all: ReadonlyMap<string, Tensor>, name: string): Float32Array => all.get(name)!.data as Float32Array

/** One element of a tensor of the right values, as another number. */
const element = (name: string, i: number, value: number) => (all: Map<string, Tensor>) => {
  const { shape, data } = all.get(name)!
  const changed = data.slice() as Float32Array
  changed[i] = value
  all.set(name, tensor(shape, changed))
}

describe('compare of values', () => {
  it('says that equal runs are equal, whatever the order of the file', async () => {
    const { code, out, err } = await compared((all) => {
      const backwards = [...all].toReversed()
      all.clear()
      for (const [name, value] of backwards) all.set(name, value)
    })
    expect({ code, out, err }).toEqual({ code: 0, out: 'equal: 122 tensors\n', err: '' })
  })

  it('names the first tensor in the order of execution, its first element, both numbers and how far they are apart', async () => {
    const wanted = floats(tensors, 'layers.1.1.W')
    const next = new Float32Array(1)
    new Uint32Array(next.buffer)[0] = new Uint32Array(wanted.buffer, wanted.byteOffset)[130]! + 3
    const { code, out, err } = await compared((all) => {
      element('pool', 0, 9)(all)
      element('layers.1.1.W', 130, next[0]!)(all)
      const last = all.get('layers.1.1.W')!
      all.delete('layers.1.1.W')
      all.set('layers.1.1.W', last)
    })
    expect(code).toBe(1)
    expect(out.trimEnd().split('\n')).toEqual([
      `layers.1.1.W[0, 0, 8, 0, 2] is ${next[0]}, wanted ${wanted[130]}: 3 units in the last place apart`,
      '  1 of its 2048 elements differs, at most 3 units in the last place',
      '  2 of 122 tensors differ',
      'no likely cause: 19 mistakes of the catalogue first differ here in this way; too few elements differ to tell which',
    ])
    expect(err).toBe(
      `error: ${file('mine.safetensors')} is not ${file('wanted.safetensors')}; its first difference is above\n`,
    )
  })

  it.each<readonly [string, (all: Map<string, Tensor>) => unknown, string]>([
    ['a tensor that is missing', (all) => all.delete('layers.0.0.W'), 'layers.0.0.W is missing'],
    ['a tensor too many', (all) => all.set('mine', tensor([1], Float32Array.of(1))), 'mine is not wanted'],
    [
      'another shape',
      (all) => all.set('layers.0.0.merge', tensor([1, 2], Float32Array.of(1, 2))),
      'layers.0.0.merge has shape [1, 2], wanted [2, 1, 16, 16, 16]',
    ],
    [
      'spikes as floats',
      (all) => {
        const { shape, data } = all.get('layers.0.1.up.0')!
        all.set('layers.0.1.up.0', tensor(shape, Float32Array.from(data as Uint8Array)))
      },
      'layers.0.1.up.0 is float32, wanted uint8: spikes are bytes 0 and 1',
    ],
    [
      'a spike too many',
      (all) => element('layers.0.1.up.0', 5, 1 - Number(tensors.get('layers.0.1.up.0')!.data[5]))(all),
      'a spike',
    ],
    [
      'a spike of 2',
      element('layers.0.1.up.0', 5, 2),
      'layers.0.1.up.0[0, 0, 0, 0, 5] is 2, wanted 0: a spike is 0 or 1',
    ],
    ['a NaN', element('pool', 3, Number.NaN), 'is NaN, wanted 0.'],
    ['an infinity', element('pool', 3, Number.POSITIVE_INFINITY), 'is Infinity, wanted 0.'],
    [
      'a -0',
      (all) => {
        const i = floats(all, 'layers.0.0.matmul1').indexOf(0)
        element('layers.0.0.matmul1', i, -0)(all)
      },
      'is -0, wanted 0: equal as numbers, but not the same bytes',
    ],
  ])('tells %s in one sentence', async (_, change, sentence) => {
    const { code, out } = await compared(change)
    expect(code).toBe(1)
    expect(out.split('\n')[0]).toContain(sentence)
  })

  it('takes two that are no numbers for equal', async () => {
    saved(file('a.safetensors'), { pool: tensor([1], Float32Array.of(Number.NaN)) })
    expect((await cli('compare', file('a.safetensors'), file('a.safetensors'))).code).toBe(0)
  })

  it.each([
    ['--steps 3', 'other runs: T is 3, wanted 2; give both the same --steps'],
    ['--batch 3', 'other runs: batch is 3, wanted 1; give both the same --batch'],
    ['--precision float64', 'prologue is float64, wanted float32; give both the same --precision'],
  ])('tells a run with %s by its values', async (words, sentence) => {
    await json(...small, ...words.split(' '), '--values', file('other.safetensors'))
    const { code, out } = await cli('compare', file('wanted.safetensors'), file('other.safetensors'))
    expect({ code, sentence: out.split('\n')[0] }).toEqual({ code: 1, sentence })
  })

  it('prints an object that says the same', async () => {
    await compared((all) => {
      const { shape, data } = all.get('pool')!
      const summed = Float32Array.from(data as Float32Array, (x) => x * 4)
      summed[0] = Number.NaN
      all.set('pool', tensor(shape, summed))
    })
    const { code, out } = await cli('compare', file('wanted.safetensors'), file('mine.safetensors'), '--json')
    const { equal, first, compared: all, different, causes } = JSON.parse(out)
    expect({ code, equal, all, different }).toEqual({ code: 1, equal: false, all: 122, different: 1 })
    expect(first).toMatchObject({ _tag: 'Values', name: 'pool', index: [0, 0, 0], mine: 'NaN', ulps: null })
    expect(causes.map(({ law }: { law: string }) => law)).toContain('pool.mean')
  })
})

describe('compare of traces', () => {
  type Hashes = { path: string; key: string; shape: number[]; sha256: string }[]
  const hash = (field: 'operations' | 'membranes', name: string) => (row: Record<string, unknown>) => {
    for (const entry of row[field] as Hashes) if ((entry.path ?? entry.key) === name) entry.sha256 = '0'.repeat(64)
  }
  it.each<readonly [string, (row: Record<string, unknown>) => unknown, string]>([
    ['a current', hash('operations', 'layers.0.1.conv.0.1'), 'layers.0.1.conv.0.1 (synapse) has another hash'],
    [
      'a membrane',
      hash('membranes', 'layers.0.0.activation_in'),
      'everything is equal but the membrane layers.0.0.activation_in after the last step',
    ],
    ['another seed', (row) => (row['seed'] = 8), 'other runs: seed is 8, wanted 7; give both the same --synthetic'],
    [
      'another image',
      (row) => (row['image'] = [16, 32]),
      'other runs: image is [16,32], wanted 16; give both the same --image-size',
    ],
    [
      'a count',
      (row) => ((row['sops'] as Record<string, number>)['layers.0.0.W'] = 1),
      'every hash is equal, but sops.layers.0.0.W is 1',
    ],
    [
      'a logit',
      (row) => ((row['meanLogits'] as number[][])[0]![3] = 1),
      'every hash is equal, but meanLogits[0][3] is 1, wanted',
    ],
    [
      'no operations',
      (row) => delete row['operations'],
      'what could be compared is equal, but there are no operations',
    ],
    ['an operation missing', (row) => (row['operations'] as Hashes).pop(), 'classifier is missing'],
    [
      'the other precision',
      (row) => (row['precision'] = 'float64'),
      'other runs: precision is "float64", wanted "float32"; give both the same --precision',
    ],
    [
      'a layer with another hash than its operation',
      (row) => ((row['layers'] as Hashes)[5]!.sha256 = '0'.repeat(64)),
      'every operation is equal, but layers has another hash of layers.0.1.down.0',
    ],
    [
      'a layer of another shape',
      (row) => ((row['layers'] as Hashes)[5]!.shape = [1]),
      'every operation is equal, but layers has another shape of layers.0.1.down.0',
    ],
    ['no layers', (row) => (row['layers'] = []), 'every operation is equal, but layers lacks layers.0.0.activation_in'],
    [
      'a layer too many',
      (row) => (row['layers'] as unknown[]).push({ layer: 'mine', shape: [1], sha256: '0'.repeat(64) }),
      'every operation is equal, but layers has mine, which is not wanted',
    ],
    [
      'a membrane missing',
      (row) => (row['membranes'] as Hashes).shift(),
      'every operation is equal, but membranes lacks layers.0.0.activation_in',
    ],
    [
      'a number of spikes',
      (row) => ((row['layers'] as unknown as { spikes: number }[])[5]!.spikes += 1),
      'every hash is equal, but spikes.layers.0.1.down.0 is ',
    ],
    [
      'a mean too few',
      (row) => (row['meanLogits'] as number[][])[0]!.pop(),
      'every hash is equal, but meanLogits[0][9] is missing',
    ],
    [
      'a mean too many',
      (row) => (row['meanLogits'] as number[][])[0]!.push(0),
      'every hash is equal, but meanLogits[0][10] is not wanted',
    ],
    [
      'sums that are not of each step',
      (row) => (row['logitsPerStepSum'] = (row['logitsPerStepSum'] as number[][]).flat()),
      'every hash is equal, but logitsPerStepSum[0][0] is missing',
    ],
    ['no sums', (row) => (row['logitsPerStepSum'] = []), 'every hash is equal, but logitsPerStepSum[0][0] is missing'],
  ])('tells %s', async (_, change, sentence) => {
    const { code, out } = await comparedTrace(change)
    expect(code).toBe(1)
    expect(out.split('\n')[0]).toContain(sentence)
  })

  it.each([
    ['first', 'prologue', true],
    ['later', 'layers.1.1.W', false],
  ])('asks for the precision that a trace does not say, where its %s tensor differs', async (_, name, asked) => {
    const { out } = await comparedTrace((row) => {
      delete row['precision']
      hash('operations', name)(row)
    })
    expect(out.split('\n')[0]).toContain(`${name} (`)
    expect(out.includes('  is its precision "float32"? it does not say so')).toBe(asked)
    expect(out.includes('  it is the first tensor of all: are image and weights the same numbers?')).toBe(asked)
  })

  it('is equal to itself, and more fields do not matter', async () => {
    expect(await comparedTrace((row) => (row['seconds'] = 3))).toEqual({
      code: 0,
      out: 'equal: 122 tensors\n',
      err: '',
    })
  })
})

describe.skipIf(process.platform === 'win32')('compare of pipes', () => {
  /** A pipe that another process writes a file into. */
  const piped = (name: string, of: string): string => {
    execFileSync('mkfifo', [file(name)])
    spawn('sh', ['-c', `cat '${file(of)}' > '${file(name)}'`], { stdio: 'ignore' })
    return file(name)
  }

  it.each([
    ['traces', 'wanted.json', 122],
    ['values', 'wanted.safetensors', 122],
  ])('reads %s, both of them', async (kind, of, count) => {
    const [a, b] = [piped(`${kind}-a`, of), piped(`${kind}-b`, of)]
    expect(await cli('compare', a, b)).toEqual({ code: 0, out: `equal: ${count} tensors\n`, err: '' })
  })

  it('refuses what is neither file nor pipe, and a pipe that does not end, in one sentence', async () => {
    expect((await cli('compare', file('wanted.json'), '/dev/zero')).err).toBe(
      'error: /dev/zero: cannot read: it is not a regular file\n',
    )
    const endless = withFileOrPipe(() => TaskEither.right('read'), 1000)
    expect(sentencesOf(await endless(piped('endless', 'wanted.safetensors'))())).toEqual([
      expect.stringMatching(/: cannot read: it is a pipe that gives more than 1000 bytes: read it from a file$/),
    ])
  })
})

describe('compare of what is neither', () => {
  it.each([
    [
      'a trace and values',
      'wanted.safetensors',
      'it is values, .*wanted.json is a trace; compare two traces, or two files of --values',
    ],
    ['no file', 'nothing', 'nothing: cannot read: there is no such file or folder'],
  ])('refuses %s in one sentence', async (_, mine, sentence) => {
    const { code, out, err } = await cli('compare', file('wanted.json'), file(mine))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(new RegExp(`^error: .*${sentence}\n$`))
  })

  it.each([
    ['not JSON', '{', 'it is no trace: it is not JSON'],
    ['another object', '{"a": 1}', 'it is no trace: it has no field layers'],
    ['no list', '{"layers": [], "operations": 3}', 'it is no trace: operations is not a list'],
    [
      'no hash',
      '{"layers": [{"layer": "a", "shape": [1], "sha256": "0"}]}',
      'it is no trace: layers[0] has not the layer, shape and sha256',
    ],
    ['bytes that are no text', '\u00ff', 'it is no trace: it is not text'],
    ['an empty file', '', 'it is no trace: it is not JSON'],
    ['a header cut short', '\u0010\0\0\0\0\0\0\0{', 'not a readable safetensors file'],
  ])('refuses %s', async (_, text, sentence) => {
    writeFileSync(file('odd'), text, 'latin1')
    const { code, out, err } = await cli('compare', file('wanted.json'), file('odd'))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(sentence)
    expect(err.trim().split('\n')).toHaveLength(1)
  })

  it('is bad usage with one file', async () => {
    expect((await cli('compare', file('wanted.json'))).code).toBe(2)
  })
})

describe.skipIf(!hasCompiler)('a port in C (needs cc)', () => {
  const run = (program: string, values: string): void => {
    const out = execFileSync(program, [...small, '--values', file(values)], { encoding: 'utf8' })
    writeFileSync(file('c.json'), out)
  }

  it('is equal, by its trace and by its values', async () => {
    run(builtC(), 'c.safetensors')
    for (const [wanted, mine] of [
      ['wanted.json', 'c.json'],
      ['wanted.safetensors', 'c.safetensors'],
    ] as const)
      expect(await cli('compare', file(wanted), file(mine))).toEqual({ code: 0, out: 'equal: 122 tensors\n', err: '' })
  })

  it.each([
    ['fma-norm', 'prologue', 'rounding', 'stem-affine-once'],
    ['one-by-one', 'layers.0.0.W', 'rounding', 'synapse-one-by-one'],
    ['global-halves', 'layers.1.1.split.0', 'values', 'global-halves'],
    ['undecayed', 'layers.0.0.activation_in', 'spikes', 'undecayed-input'],
    ['first-head-scale', 'layers.1.1.matmul1', 'values', 'dstT-one-scale'],
    ['no-residual', 'layers.0.1.up.0', 'spikes', 'no-residual'],
  ])(
    'with the mistake %s differs first in %s, and the mistake is among the likely causes',
    async (name, path, kind, cause) => {
      run(builtWith(mistakes.find(([id]) => id === name)!), 'c.safetensors')
      const { code, out } = await cli('compare', file('wanted.safetensors'), file('c.safetensors'), '--json')
      const { first, causes } = JSON.parse(out)
      expect({ code, name: first.name, kind: first.kind }).toEqual({ code: 1, name: path, kind })
      expect(causes.map(({ id }: { id: string }) => id)).toContain(cause)
      const traces = JSON.parse((await cli('compare', file('wanted.json'), file('c.json'), '--json')).out)
      expect(traces.first).toMatchObject({ _tag: 'Hash', name: path })
      expect(traces.candidates).toBeGreaterThanOrEqual(causes.length)
      expect(traces.causes.length === 0).toBe(traces.candidates > 6 && traces.before.length === 0)
    },
  )

  it('with the shift of a rounded gain is told as docs/port.md shows', async () => {
    const words = ['trace', 'digits', '--synthetic', '7', '--precision', 'float32', '--values']
    await json(...words, file('page.safetensors'))
    const program = builtWith(mistakes.find(([id]) => id === 'shift-rounded-gain')!)
    execFileSync(program, [...words, file('c.safetensors')])
    const { out } = await cli('compare', file('page.safetensors'), file('c.safetensors'))
    expect(out).toBe(blocksOf('docs/port.md', 'text')[0]!.text)
  })
})

describe('the likely causes', () => {
  const cause = (id: string, share: number, name = 'layers.0.0.W', kind: Kind = 'rounding'): Cause => ({
    id,
    mistake: id,
    law: 'a.law',
    name,
    kind,
    share,
  })
  const seven = Array.from({ length: 7 }, (_, i) => cause(`c${i}`, 0.1))
  const values = (count: number, size: number): Difference => ({
    _tag: 'Values',
    name: 'layers.1.1.W',
    kind: 'rounding',
    index: [0],
    wanted: 0,
    mine: 1,
    ulps: 1,
    most: 1,
    count,
    size,
  })
  const hashed: Difference = {
    _tag: 'Hash',
    name: 'layers.1.1.W',
    operation: 'synapse',
    kinds: ['rounding'],
    precision: null,
  }
  const told = (causes: readonly Cause[], first: Difference, before: readonly string[] = []) => {
    const { candidates, likely, why } = causesOf(causes)({ first, before })
    return [candidates, likely.map(({ id }) => id).join(' '), why]
  }

  it('are of the same place and kind, of a share within a factor of eight, the closest first', () => {
    const catalogue = [
      cause('far', 0.9),
      cause('near', 0.2),
      cause('same', 0.1),
      cause('elsewhere', 0.1, 'pool'),
      cause('other', 0.1, 'layers.0.0.W', 'values'),
    ]
    expect(told(catalogue, values(10, 100))).toEqual([3, 'same near', null])
    expect(told(catalogue, values(80, 100))).toEqual([3, 'far near same', null])
    expect(told(catalogue, values(100, 100_000))).toEqual([3, '', 'share'])
  })

  it('are at most six, and none where fewer than four elements differ', () => {
    expect(told(seven, values(10, 100))).toEqual([7, 'c0 c1 c2 c3 c4 c5', null])
    expect(told(seven, values(3, 30))).toEqual([7, '', 'few'])
    expect(told([], values(3, 30))).toEqual([0, '', null])
  })

  it('of a hash are all candidates where they are six at most', () => {
    expect(told(seven, hashed)).toEqual([7, '', 'unknown'])
    expect(told(seven.slice(1), hashed)).toEqual([6, 'c1 c2 c3 c4 c5 c6', null])
  })

  it('of what is missing before change most of it', () => {
    const at = 'layers.0.0.split.0'
    const before = [cause('most', 0.5, at, 'values'), cause('all', 1, at, 'spikes'), cause('little', 0.1, at)]
    expect(told(before, values(1, 100), ['layers.1.1.split.0'])).toEqual([3, 'all most', null])
    expect(told([...before, ...seven], hashed, ['layers.1.1.split.0'])).toEqual([10, 'all most', null])
  })

  const all = JSON.parse(readFileSync(`${root}/data/causes.json`, 'utf8'))

  it.each(['averaged', 'interleaved-groups', 'no-outer-residual', 'scale-196', 'synapse-affine-fma'])(
    'are what the mutants do: %s (npm run causes)',
    (id) => {
      const found = causesAmong(mutants.filter((mutant) => mutant.id === id))
      expect(found).toEqual(all.filter((cause: { id: string }) => cause.id === id))
      expect(found).toHaveLength(1)
    },
  )

  it('are all of mutants that there are', () => {
    const ids = mutants.map(({ id }) => id)
    expect(all.filter(({ id }: { id: string }) => !ids.includes(id))).toEqual([])
  })
})
