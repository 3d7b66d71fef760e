/** The port in C: its traces are ours, every hash of every operation and membrane, every number. Without a C compiler nothing of it can run. */
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, it } from 'vitest'
import { json } from '../cli/cli.js'
import { builtC, FLAGS, hasCompiler } from './build.js'

const MOST = 64 * 1024 * 1024

describe.skipIf(!hasCompiler)('the port in C (needs cc)', () => {
  let program = ''
  beforeAll(() => {
    program = builtC()
  })

  it('compiles as C99 without a warning', () => {
    expect(() =>
      builtC([...FLAGS, '-Wall', '-Wextra', '-Wno-missing-field-initializers', '-pedantic', '-Werror']),
    ).not.toThrow()
  })

  const networks = [
    'digits --synthetic 7',
    'digits --synthetic 8 --batch 3 --steps 5 --frames',
    'cifar --synthetic 7 --image-size 16 --batch 2 --steps 2',
    'dvsg --synthetic 7 --image-size 16 --steps 6 --frames',
    'dvsg --synthetic 3 --image-size 16x32 --steps 3',
    'ti --synthetic 7 --image-size 64 --classes 11 --steps 3',
    's --synthetic 7 --image-size 32 --classes 10 --steps 2',
    'm --synthetic 7 --image-size 32 --classes 10 --steps 2',
    'l --synthetic 7 --image-size 32 --classes 10 --steps 2',
  ]
  it.each(networks.flatMap((network) => [`${network} --precision float64`, `${network} --precision float32`]))(
    'traces %s as the reference does',
    async (line) => {
      const words = ['trace', ...line.split(' ')]
      const mine = JSON.parse(execFileSync(program, words, { encoding: 'utf8', maxBuffer: MOST }))
      expect(mine).toEqual(await json(...words))
    },
  )
})
