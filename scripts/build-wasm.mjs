// Compiles the AssemblyScript kernels, and bundles the script of a thread, into TypeScript modules, so that Node, bundlers
// and browsers load both without a path. Two binaries of the same code: one imports a plain memory, one a shared memory.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { build } from 'vite'

const root = fileURLToPath(new URL('../', import.meta.url))
const generated = `${root}src/compiled/wasm/generated/`

const common = [...['--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--importMemory', '--enable', 'simd']]

const compile = async (entry, options) => {
  const files = new Map()
  const { error, stderr } = await asc.main(
    [`src/compiled/wasm/assembly/${entry}.ts`, ...common, ...options, '--outFile', 'kernels.wasm'],
    {
      writeFile: (name, contents) => {
        files.set(name, contents)
      },
    },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return Buffer.from(files.get('kernels.wasm')).toString('base64')
}

const SHARED = ['--sharedMemory', '--maximumMemory', '65536', '--enable', 'threads']

/** Writes a generated module, unless it is as it was. */
const write = (name, lines) => {
  const target = `${generated}${name}`
  const text = [...lines, ''].join('\n')
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
}

mkdirSync(generated, { recursive: true })
for (const [entry, name, what] of [
  ['index', 'kernels', 'compiled kernels'],
  ['training', 'training', 'compiled kernels of training'],
])
  write(`${name}.ts`, [
    `/** The ${what}, written by scripts/build-wasm.mjs. @module */`,
    '',
    '/** Base64 of the module that imports a plain memory. */',
    `export const PLAIN: string =\n  '${await compile(entry, [])}'`,
    '',
    '/** Base64 of the same module, for a shared memory. */',
    `export const SHARED: string =\n  '${await compile(entry, SHARED)}'`,
  ])

const bundle = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      lib: { entry: `${root}src/compiled/wasm/worker.ts`, formats: ['es'], fileName: 'worker' },
      rollupOptions: { external: [/^node:/] },
    },
  })
)
const [script, ...others] = bundle.flatMap(({ output }) => output)
if (script.type !== 'chunk' || others.length > 0)
  throw new Error(`the thread's script must be one file, not ${[script, ...others].map((file) => file.fileName)}`)
write('worker.ts', [
  '/** What threads run, bundled from worker.ts by scripts/build-wasm.mjs. @module */',
  '',
  '/** The script a thread is started from. */',
  `export const WORKER: string =\n  ${JSON.stringify(script.code)}`,
])
