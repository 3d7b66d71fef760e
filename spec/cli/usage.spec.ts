import { describe, expect, it } from 'vitest'
import { imageSize, whole } from '../../src/cli/options.js'
import { cli } from './cli.js'

const COMMANDS = ['classify', 'evaluate', 'inspect', 'trace', 'compare', 'convert', 'train', 'laws']

/** What bad usage says: the first line of the error stream. */
const refusal = async (...argv: readonly string[]): Promise<string> => {
  const { code, out, err } = await cli(...argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  return err.split('\n')[0]!
}

describe('help', () => {
  it('is printed for the whole, with all commands', async () => {
    const { code, out, err } = await cli('--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'))
    expect(out).toMatch(/^Exit code: 0 done, 1 the work failed, 2 bad usage\.$/m)
  })

  it.each(COMMANDS)('is printed for %s, with examples', async (command) => {
    const { code, out, err } = await cli(command, '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^Usage: spikingresformer ${command} `))
    expect(out).toMatch(new RegExp(`^Examples:\n( {2}\\$ spikingresformer ${command}.*\n){2,}`, 'm'))
  })

  it('tells the version of the package', async () => {
    expect(await cli('--version')).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
  })
})

describe('bad usage is refused by name', () => {
  it.each([
    [[], /^Usage: spikingresformer /],
    [['clasify'], /^error: unknown command 'clasify'$/],
    [['classify', '--jsn'], /^error: unknown option '--jsn'$/],
    [
      ['classify', '--top', '0'],
      /^error: option '--top <k>' argument '0' is invalid\. It must be a whole number from 1 /,
    ],
    [['classify', '--top'], /^error: option '--top <k>' argument missing$/],
    [
      ['classify', '--steps', '1.5'],
      /^error: option '--steps <T>' argument '1\.5' is invalid\. It must be a whole number /,
    ],
    [['classify', '--image-size', '16y16'], /^error: option '--image-size <N\|HxW>' argument '16y16' is invalid\. /],
    [
      ['classify', '--precision', 'float16'],
      /^error: option '--precision <p>' .* Allowed choices are float64, float32\.$/,
    ],
    [
      ['classify', '--kernels', 'gpu'],
      /^error: option '--kernels <k>' argument 'gpu' is invalid\. Allowed choices are /,
    ],
    [
      ['classify', '--variant', 'xl'],
      /^error: option '--variant <name>' argument 'xl' is invalid\. Allowed choices are ti, /,
    ],
    [
      ['classify', '--variant', 'ti'],
      /^error: option '--variant ti' needs --checkpoint <file>: only the digits network /,
    ],
    [['classify', '--config', 'a.json'], /^error: option '--config' needs --checkpoint <file>/],
    [
      ['classify', '--checkpoint', 'a', '--variant', 'ti', '--config', 'b'],
      /^error: option '--variant <name>' cannot be used with option '--config <file>'$/,
    ],
    [['classify', 'a.png', '--count', '2'], /^error: option '--count <n>' is for the bundled digits, without inputs$/],
    [['classify', '--invert'], /^error: option '--invert' is for images: give one$/],
    [
      ['inspect', 'ti', '--variant', 's'],
      /^error: option '--variant <name>' is for a checkpoint file, and ti is not one$/,
    ],
    [
      ['inspect', 'a.json', '--config', 'b.json'],
      /^error: option '--config <file>' is for a checkpoint file, and a\.json /,
    ],
    [['evaluate'], /^error: missing required argument 'data'$/],
    [['inspect'], /^error: missing required argument 'network'$/],
    [['inspect', 'ti', 's'], /^error: too many arguments for 'inspect'\./],
    [['trace', 'ti'], /^error: required option '--synthetic <seed>' not specified$/],
    [['trace', 'xl', '--synthetic', '7'], /^error: command-argument value 'xl' is invalid .* Allowed choices are ti, /],
    [['trace', 'ti', '--synthetic', '-7'], /^error: option '--synthetic <seed>' argument '-7' is invalid\. /],
    [
      ['trace', 'ti', '--synthetic', '4294967296'],
      /^error: option '--synthetic <seed>' argument '4294967296' is invalid/,
    ],
    [['convert', 'a.pth'], /^error: missing required argument 'out'$/],
    [
      ['convert', 'a.pth', 'b.onnx'],
      /^error: command-argument value 'b\.onnx' is invalid .* in \.safetensors or \.pth\.$/,
    ],
  ] as const)('%j', async (argv, expected) => {
    expect(await refusal(...argv)).toMatch(expected)
  })

  it('suggests what may have been meant', async () => {
    expect((await cli('clasify')).err).toContain('(Did you mean classify?)\n')
    expect((await cli('classify', '--jsn')).err).toContain('(Did you mean --json?)\n')
  })
})

describe('values of options', () => {
  it('are whole numbers in a range', () => {
    expect(whole(1)('65536')).toBe(65536)
    for (const bad of ['', ' 1', '1e3', '0x10', '0', '65537', '-1', '1.0', 'NaN', 'Infinity'])
      expect(() => whole(1)(bad)).toThrow('It must be a whole number from 1 to 65536.')
  })

  it('are sizes of squares and rectangles', () => {
    expect(imageSize('224')).toEqual({ height: 224, width: 224 })
    expect(imageSize('64x96')).toEqual({ height: 64, width: 96 })
    for (const bad of ['', '0', '64x0', 'x64', '64x', '64x96x3', '-1', '65537'])
      expect(() => imageSize(bad)).toThrow('It must be a side such as 224 or height x width such as 64x96')
  })
})
