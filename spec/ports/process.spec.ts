/** `laws --process`: ports that misbehave in every way are one clear row each, and nothing of them is left running. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { cli, type Ran, temporary } from '../cli/cli.js'
import { builtC, hasCompiler, hasNumpy, root } from './build.js'

const place = temporary()

/**
 * A port that adds, in plain JavaScript, and misbehaves as it is told: at the hello or at the n-th sum. Every process it
 * is, or starts, writes its id down.
 */
const PORT = `
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const [, , how, pids, when = '3'] = process.argv
appendFileSync(pids, process.pid + '\\n')
let [sums, extra] = [0, '']
const numbers = ({ data }) => new Float32Array(new Uint8Array(Buffer.from(data, 'base64')).buffer)
const answer = ({ id, ask, inputs }) => {
  if (ask === 'hello')
    return { id, protocol: how === 'version' ? 2 : 1, name: 'js', precision: 'float32', operations: how === 'offers' ? ['ad'] : ['add'] }
  if (ask !== 'add') return { id }
  const [a, b] = inputs.map(numbers)
  const sum = a.map((x, i) => x + b[i] + (how === 'wrong' ? 1 : 0))
  return { id, outputs: [{ dtype: 'float32', shape: inputs[0].shape, data: Buffer.from(sum.buffer).toString('base64') }] }
}
const write = (text) => process.stdout.write(text)
const hang = () => setInterval(() => {}, 1000)
createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line)
  const text = JSON.stringify(answer(request)) + '\\n'
  const now = request.ask === 'add' && ++sums >= Number(when)
  if (how === 'dies at hello' && request.ask === 'hello') process.exit(3)
  if (!now) return write(text)
  switch (how) {
    case 'late': setTimeout(() => write(text), 1500); return
    case 'never': return hang()
    case 'ignores the end': process.stdin.removeAllListeners('end'); hang(); return write(text)
    case 'starts another': {
      appendFileSync(pids, spawn('sleep', ['1000'], { stdio: 'inherit' }).pid + '\\n')
      return hang()
    }
    case 'in pieces': write(text.slice(0, 20)); setTimeout(() => write(text.slice(20)), 100); return
    case 'half a line': write(text.slice(0, 20)); return hang()
    case 'a line more': return write(text + text)
    case 'a line more, later': write(extra + text); extra = text; return
    case 'prints': console.log('adding'); return write(text)
    case 'prints and does not answer': console.log('adding'); return
    case 'another id': return write(JSON.stringify({ ...JSON.parse(text), id: 1 }) + '\\n')
    case 'no outputs': return write(JSON.stringify({ id: request.id }) + '\\n')
    case 'an error': return write(JSON.stringify({ id: request.id, error: 'out of spikes' }) + '\\n')
    case 'does not have it': return write(JSON.stringify({ id: request.id, missing: true }) + '\\n')
    case 'dies': return process.exit(3)
    case 'dies in a line': return process.stdout.write(text.slice(0, 20), () => process.exit(3))
    case 'dies behind a line': return process.stdout.write(text, () => process.exit(3))
    case 'is killed': return process.kill(process.pid, 'SIGKILL')
    case 'closes its output': process.stdout.destroy(); return hang()
    default: return write(text)
  }
})
`
const port = place('port.mjs')
writeFileSync(port, PORT)

/** Whether a process is there and not only unburied. */
const lives = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

let count = 0
const judged = async (
  how: string,
  ...options: readonly string[]
): Promise<Ran & { readonly left: readonly string[] }> => {
  const pids = place(`pids-${count++}`)
  const command = `node ${port} '${how}' ${pids}`
  const ran = await cli('laws', '--process', command, '--only', 'add.sum', '--runs', '20', '--answer', '1', ...options)
  const started = existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n') : []
  for (let tries = 0; tries < 40 && started.some(lives); tries++) await later(50)
  return { ...ran, left: started.filter(lives) }
}

describe('a process that answers', () => {
  it.each(['well', 'in pieces', 'ignores the end'])('%s passes', async (how) => {
    expect(await judged(how)).toMatchObject({ code: 0, err: '', left: [] })
  })

  it.each([
    ['wrong', /^fail .*should be/m],
    ['late', /asked for add, the process did not answer within 1 s/],
    ['never', /asked for add, the process did not answer within 1 s/],
    ['starts another', /asked for add, the process did not answer within 1 s/],
    ['half a line', /did not answer within 1 s, having written .* and no end of line/],
    ['a line more', /the process wrote more than the one line it was asked for/],
    [
      'a line more, later',
      /wrote more than the one line|wrote what nobody asked for|answered request \d+ when it was asked \d+/,
    ],
    ['prints', /wrote more than the one line|answered a line that is not JSON: adding/],
    ['prints and does not answer', /answered a line that is not JSON: adding/],
    ['another id', /answered request 1 when it was asked \d+: a line too many\?/],
    ['no outputs', /asked for add, the process answered no outputs/],
    ['an error', /asked for add, the process answered an error: out of spikes/],
    ['does not have it', /asked for add, the process answered that it does not have it/],
    ['dies', /asked for add, the process exited with code 3/],
    ['dies in a line', /exited with code 3, having written .* and no end of line/],
    ['dies behind a line', /asked for add, the process exited with code 3( before it was asked)?/],
    ['is killed', /the process was ended by SIGKILL|exited with code 137/],
    ['closes its output', /did not answer within 1 s/],
  ])('%s: one clear row, exit 1, nothing left', async (how, sentence) => {
    const { code, out, err, left } = await judged(how)
    expect(out).toMatch(sentence)
    expect(out.split('\n').filter((line) => line.startsWith('fail '))).toHaveLength(1)
    expect(err).toMatch(/^error: not as expected: add\.\w+/)
    expect({ code, left }).toEqual({ code: 1, left: [] })
  })

  it.each([
    ['version', /speaks version 2 of the protocol; this is version 1/],
    ['offers', /offers ad, which are no operations/],
    ['dies at hello', /asked for hello, the process exited with code 3/],
  ])('%s: nothing is judged', async (how, sentence) => {
    const { code, out, err, left } = await judged(how)
    expect(err).toMatch(sentence)
    expect({ code, out, left }).toEqual({ code: 1, out: '', left: [] })
  })

  it('a command that is not there is a fault', async () => {
    const { code, err } = await cli('laws', '--process', place('nothing'))
    expect(code).toBe(1)
    expect(err).toMatch(/asked for hello, the process exited with code 127/)
  })
})

describe('the ports', () => {
  it.skipIf(!hasCompiler).each(['float32', 'float64'])(
    'C at %s keeps every law it can be asked (needs cc)',
    async (precision) => {
      const { code, out } = await cli(
        'laws',
        '--process',
        `${builtC()} serve --precision ${precision}`,
        '--level',
        'bits',
        '--runs',
        '6',
      )
      expect(out).not.toMatch(/^fail/m)
      expect(code).toBe(0)
    },
  )

  it.skipIf(!hasNumpy)('Python keeps every law of level spikes it can be asked (needs numpy)', async () => {
    const { code, out } = await cli(
      'laws',
      '--process',
      `/usr/bin/python3 ${root}/ports/python/serve.py`,
      '--runs',
      '3',
    )
    expect(out).not.toMatch(/^fail/m)
    expect(code).toBe(0)
  })
})
