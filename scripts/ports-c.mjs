// Builds the port in C and compares its whole trace (every hash, membrane, count and logit) of each published variant at its
// full size, at both precisions, with ours: float64 by the reference, float32 by WebAssembly, whose bits are the reference's.
// Then puts every law of level bits to it, for as long as it takes. A row each, with seconds of CPU; exits 1 where anything differs.
// Names of variants, and --precision, take part of it; the laws are judged where no name is given, or with --laws.
// npm run ports:c [-- ti cifar --precision float32]
import { spawnSync } from 'node:child_process'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { builtC } = await load('./spec/ports/build.ts')
const { variants } = await load('./src/model/config.ts')
const { parseTrace } = await load('./src/tasks/traced.ts')
const { compareTraces } = await load('./src/tasks/compare.ts')

const { values, positionals } = parseArgs({
  options: { precision: { type: 'string' }, laws: { type: 'boolean' } },
  allowPositionals: true,
})
const unknown = positionals.filter((name) => !(name in variants))
if (unknown.length > 0) {
  console.error(`no variant is called ${unknown.join(', ')}; there are ${Object.keys(variants).join(', ')}`)
  process.exit(2)
}
const precisions = ['float32', 'float64'].filter((name) => name === (values.precision ?? name))

/** What a command printed, its exit code, and the seconds of CPU that it and what it started took. */
const run = (command, ...args) => {
  const timed = ['-c', '"$0" "$@"; code=$?; times >&2; exit $code', command, ...args]
  const { status, stdout, stderr } = spawnSync('sh', timed, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const spent = [
    ...stderr
      .trim()
      .split('\n')
      .at(-1)
      .matchAll(/(\d+)m([\d.]+)s/g),
  ]
  return { status, stdout, seconds: spent.reduce((sum, [, m, s]) => sum + 60 * Number(m) + Number(s), 0) }
}
const ours = (...args) => run('node', 'dist/cli/main.js', ...args)
const shown = (seconds) => `${seconds.toFixed(1)} s`

const program = builtC()
let different = 0
for (const name of positionals.length > 0 ? positionals : Object.keys(variants))
  for (const precision of precisions) {
    const { height, width } = variants[name].image
    const words = ['trace', name, '--synthetic', '7', '--precision', precision]
    const wanted = ours(...words, '--kernels', precision === 'float32' ? 'wasm' : 'reference')
    const mine = run(program, ...words)
    const [a, b] = [wanted, mine].map(({ stdout }) => JSON.parse(stdout))
    const equal = isDeepStrictEqual(a, b)
    if (!equal) different++
    const [x, y] = [wanted, mine].map(({ stdout }) => parseTrace(stdout).right)
    const how = equal
      ? `${a.operations.length} tensors, ${a.membranes.length} membranes and the logits are equal`
      : `they differ: ${JSON.stringify(compareTraces(x, y).first)}`
    console.log(
      `${name} at ${height} x ${width}, ${precision}: ${how}; C ${shown(mine.seconds)}, ours ${shown(wanted.seconds)}`,
    )
  }

if (positionals.length === 0 || values.laws)
  for (const precision of precisions) {
    const { status, stdout, seconds } = ours(
      'laws',
      '--process',
      `${program} serve --precision ${precision}`,
      '--level',
      'bits',
      '--limit',
      '0',
    )
    if (status !== 0) different++
    for (const line of stdout.split('\n')) if (line.startsWith('fail')) console.log(line)
    const [tally] = stdout.trim().split('\n').at(-1).split('; slowest')
    console.log(`laws of level bits, ${precision}: ${tally}; ${shown(seconds)} of CPU`)
  }
process.exitCode = different === 0 ? 0 : 1
