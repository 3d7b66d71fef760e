// npm run bench -- [--variants ti,s,m,l] [--kernels float64,reference,fast,wasm] [--threads 1,2] [--runs 15] [--no-growth]
// Measures every interpreter at 224 x 224, T = 4, on the synthetic checkpoint 7; `float64` is the reference in float64,
// `reference` the one in float32, whose bits `fast` and `wasm` have.
import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { growth } from './growth.mjs'
import { SOPS } from './subject.mjs'

const { values } = parseArgs({
  options: {
    variants: { type: 'string', default: 'ti,s,m,l' },
    kernels: { type: 'string', default: 'float64,reference,fast,wasm' },
    threads: { type: 'string', default: availableParallelism() > 1 ? '1,2' : '1' },
    runs: { type: 'string', default: '15' },
    'no-growth': { type: 'boolean', default: false },
  },
})
const list = (text) => text.split(',').filter((part) => part !== '')

const one = (variant, kernels, threads) => {
  const runs = kernels === 'reference' || kernels === 'float64' ? 1 : kernels === 'fast' ? 3 : values.runs
  const script = fileURLToPath(new URL('one.mjs', import.meta.url))
  const child = spawnSync(process.execPath, [script, variant, kernels, String(threads), String(runs)], {
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new Error(child.stderr)
  return JSON.parse(child.stdout.trim().split('\n').at(-1))
}

const columns = [9, 11, 9, 11, 9, 9, 9, 13, 10]
const print = (...cells) => console.log(cells.map((cell, i) => String(cell).padStart(columns[i] ?? 12)).join(''))

console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}, 224 x 224, T = 4, seed 7`)
console.log('of limit: synaptic operations a second over what the same threads can load and add from the L1 cache\n')
print('variant', 'kernels', 'threads', 'median ms', 'best ms', 'GSOP/s', 'MB', 'x reference', 'of limit')
for (const variant of list(values.variants)) {
  const rows = list(values.kernels).flatMap((kernels) =>
    (kernels === 'wasm' ? list(values.threads).map(Number) : [1]).map((threads) => ({
      kernels,
      threads,
      ...one(variant, kernels, threads),
    })),
  )
  const reference = rows.find(({ kernels }) => kernels === 'reference')
  for (const { kernels, threads, ms, best, peak, simd, scalar } of rows) {
    const rate = SOPS[variant] / (ms / 1000)
    const limit = (kernels === 'wasm' ? simd : scalar) * threads
    print(
      variant,
      kernels,
      threads,
      ms.toFixed(1),
      best.toFixed(1),
      (rate / 1e9).toFixed(2),
      Math.round(peak / 1e6),
      reference === undefined ? '-' : `${(reference.ms / ms).toFixed(1)}`,
      `${((100 * rate) / limit).toFixed(0)} %`,
    )
  }
}

if (!values['no-growth']) {
  console.log('\nHow time grows (wasm, one thread):')
  print('', '', '', 'GSOP', 'ms', 'GSOP/s')
  for (const { what, sops, ms } of await growth('wasm', 5))
    console.log(
      `${what.padEnd(29)}${(sops / 1e9).toFixed(3).padStart(11)}${ms.toFixed(1).padStart(11)}${(sops / ms / 1e6).toFixed(2).padStart(9)}`,
    )
}
process.exit(0)
