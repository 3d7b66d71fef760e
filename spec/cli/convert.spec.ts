import { copyFileSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONFIG } from '../../src/checkpoint/recognise.js'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { tensor } from '../../src/core/tensor.js'
import { variants } from '../../src/model/config.js'
import { readCheckpoint } from '../../src/node/weights.js'
import { right } from '../golden.js'
import { cli, saved, temporary } from './cli.js'

const file = temporary()
const contents = (path: string) => right(decodeSafetensors(new Uint8Array(readFileSync(path))))

describe('convert', () => {
  it('keeps every tensor from PyTorch to safetensors and back', async () => {
    const pth = 'spec/golden/digits.pth'
    const one = file('one.safetensors')
    expect(await cli('convert', pth, one)).toEqual({ code: 0, out: `${one}: 211 tensors\n`, err: '' })
    const tensors = right(await readCheckpoint(pth)())
    expect(tensors.size).toBe(211)
    expect(contents(one).tensors).toEqual(tensors)
    expect((await cli('convert', one, file('two.pth'))).code).toBe(0)
    expect((await cli('convert', file('two.pth'), file('three.SAFETENSORS'))).code).toBe(0)
    expect(contents(file('three.SAFETENSORS')).tensors).toEqual(contents(one).tensors)
  })

  it('keeps the metadata of a safetensors file', async () => {
    const from = saved(file('from.safetensors'), { x: tensor([1], Float64Array.of(1)) }, { config: '{}' })
    expect((await cli('convert', from, file('to.safetensors'))).code).toBe(0)
    expect(contents(file('to.safetensors')).metadata).toEqual({ config: '{}' })
  })

  it('says where what it wrote does not know its network any more, and only there', async () => {
    const digits = 'data/digits.safetensors'
    const { tensors } = contents(digits)
    const own = { ...variants.digits, threshold: 0.9 }
    const changed = saved(file('own.safetensors'), Object.fromEntries(tensors), { [CONFIG]: JSON.stringify(own) })
    const lost = (name: string, note: string) => `note: ${file(name)}: ${note}: `
    for (const [from, to, note] of [
      [digits, 'known.pth', ''],
      [changed, 'kept.safetensors', ''],
      [changed, 'lost.pth', lost('lost.pth', "a .pth file has no place for the network's configuration")],
      [
        saved(file('unknown.safetensors'), { x: tensor([1], Float32Array.of(1)) }),
        'unknown.pth',
        lost('unknown.pth', 'it does not say which network it is, as nothing told'),
      ],
    ] as const) {
      const { code, err } = await cli('convert', from, file(to))
      expect([to, code, err.startsWith(note), err === '']).toEqual([to, 0, true, note === ''])
    }
  })

  it('may overwrite what it reads, in either format and under another name of it', async () => {
    const pth = file('same.pth')
    copyFileSync('spec/golden/digits.pth', pth)
    expect((await cli('convert', pth, file('before.safetensors'))).code).toBe(0)
    const { tensors } = contents(file('before.safetensors'))
    symlinkSync(pth, file('link.pth'))
    for (const to of [pth, file(`../${basename(dirname(pth))}/same.pth`), file('link.pth')]) {
      expect(await cli('convert', pth, to)).toMatchObject({ code: 0, err: '' })
      await cli('convert', pth, file('read.safetensors'))
      expect(contents(file('read.safetensors')).tensors).toEqual(tensors)
    }
    expect(lstatSync(file('link.pth')).isSymbolicLink()).toBe(true)
  })

  it('may overwrite what it reads', async () => {
    const path = saved(file('same.safetensors'), { x: tensor([1], Float64Array.of(1)) })
    expect((await cli('convert', path, path)).code).toBe(0)
    expect(contents(path).tensors.get('x')).toEqual(tensor([1], Float64Array.of(1)))
  })
})
