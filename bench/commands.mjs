// npm run bench:commands -- [runs] [images]: what the command line costs over a program of compile(), as whole processes:
// CPU seconds (user and system) of `classify` of 200 images by S, and of `evaluate digits` in float32, beside those of
// bench/program.mjs, which reads the same checkpoint and the same images. The two take turns, and of each the best counts,
// so that what else the machine does disturbs little. `classify` counts spikes and energy too, in this time.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { syntheticCheckpoint } from '../dist/checkpoint/synthetic.js'
import { variants } from '../dist/model/config.js'
import { writeSafetensors } from '../dist/node/files.js'
import { right } from './subject.mjs'

const [runs = '3', count = '200'] = process.argv.slice(2)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spikingresformer-bench-'))
const checkpoint = join(folder, 's.safetensors')
right(await writeSafetensors(checkpoint, syntheticCheckpoint(variants.s, 7))())
const images = []
for (let i = 0; i < Number(count); i++) {
  const file = join(folder, `${i}.png`)
  const pixels = Uint8Array.from({ length: 256 * 256 * 3 }, (_, k) => (k * (3 + i) + (k >> 8) * i) % 251)
  await sharp(pixels, { raw: { width: 256, height: 256, channels: 3 } }).png({ compressionLevel: 1 }).toFile(file)
  images.push(file)
}

/** CPU seconds of a process: what `times` says of the shell's children, on its second line, such as 0m1.23s 0m0.45s. */
const seconds = (args) => {
  const child = spawnSync('/bin/sh', ['-c', '"$@" > /dev/null && times', 'sh', process.execPath, ...args], {
    encoding: 'utf8',
  })
  if (child.status !== 0) throw new Error(child.stderr)
  const parts = child.stdout.trim().split('\n').at(-1).matchAll(/(\d+)m([\d.]+)s/g)
  return [...parts].reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0)
}

const command = here('../dist/cli/main.js')
const program = here('program.mjs')
/** @type {[what: string, asCommand: string[], asProgram: string[]][]} */
const tasks = [
  [
    `classify ${count} images, S`,
    [command, 'classify', ...images, '--checkpoint', checkpoint, '--json'],
    [program, 'classify', checkpoint, 's', ...images],
  ],
  ['evaluate digits, float32', [command, 'evaluate', 'digits', '--precision', 'float32'], [program, 'evaluate']],
]
console.log(`${''.padEnd(28)}${['command s', 'compile() s', 'ratio'].map((cell) => cell.padStart(13)).join('')}`)
for (const [what, asCommand, asProgram] of tasks) {
  const times = [[], []]
  for (let run = 0; run < Number(runs); run++) [asCommand, asProgram].forEach((args, i) => times[i].push(seconds(args)))
  const [mine, bare] = times.map((list) => Math.min(...list))
  console.log(`${what.padEnd(28)}${[mine, bare, mine / bare].map((x) => x.toFixed(2).padStart(13)).join('')}`)
}
rmSync(folder, { recursive: true })
