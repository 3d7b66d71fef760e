import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { tensor } from '../../src/core/tensor.js'
import { right } from '../golden.js'
import { cli, saved, temporary } from './cli.js'

const file = temporary()
const contents = (path: string) => right(decodeSafetensors(new Uint8Array(readFileSync(path))))

describe('convert', () => {
  it('keeps every tensor from PyTorch to safetensors and back', async () => {
    const pth = 'spec/golden/digits.pth'
    const one = file('one.safetensors')
    expect(await cli('convert', pth, one)).toEqual({ code: 0, out: `${one}: 211 tensors\n`, err: '' })
    expect(contents(one).tensors).toEqual(contents('data/digits.safetensors').tensors)
    expect((await cli('convert', one, file('two.pth'))).code).toBe(0)
    expect((await cli('convert', file('two.pth'), file('three.SAFETENSORS'))).code).toBe(0)
    expect(contents(file('three.SAFETENSORS')).tensors).toEqual(contents(one).tensors)
  })

  it('keeps the metadata of a safetensors file', async () => {
    const from = saved(file('from.safetensors'), { x: tensor([1], Float64Array.of(1)) }, { config: '{}' })
    expect((await cli('convert', from, file('to.safetensors'))).code).toBe(0)
    expect(contents(file('to.safetensors')).metadata).toEqual({ config: '{}' })
  })

  it('may overwrite what it reads', async () => {
    const path = saved(file('same.safetensors'), { x: tensor([1], Float64Array.of(1)) })
    expect((await cli('convert', path, path)).code).toBe(0)
    expect(contents(path).tensors.get('x')).toEqual(tensor([1], Float64Array.of(1)))
  })
})
