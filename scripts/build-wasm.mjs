// Compiles the AssemblyScript kernels and writes them, base64, into a TypeScript module, so that Node, bundlers and
// browsers load them without a path. Two binaries of the same code: one imports a plain memory, one a shared memory.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { build } from 'vite'

const root = fileURLToPath(new URL('../', import.meta.url))
const target = `${root}src/compiled/wasm/generated/module.ts`

const common = [
  'src/compiled/wasm/assembly/index.ts',
  ...['--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--importMemory', '--enable', 'simd'],
]

const compile = async (options) => {
  const files = new Map()
  const { error, stderr } = await asc.main([...common, ...options, '--outFile', 'kernels.wasm'], {
    writeFile: (name, contents) => {
      files.set(name, contents)
    },
  })
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return Buffer.from(files.get('kernels.wasm')).toString('base64')
}

const plain = await compile([])
const shared = await compile(['--sharedMemory', '--maximumMemory', '65536', '--enable', 'threads'])

const write = (worker) => {
  const text = [
    '/** The compiled kernels and what threads run, written by scripts/build-wasm.mjs. @module */',
    '',
    '/** Base64 of the module that imports a plain memory. */',
    `export const PLAIN: string =\n  '${plain}'`,
    '',
    '/** Base64 of the same module, for a shared memory. */',
    `export const SHARED: string =\n  '${shared}'`,
    '',
    '/** The script a thread is started from. */',
    `export const WORKER: string =\n  ${JSON.stringify(worker)}`,
    '',
  ].join('\n')
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text)
}

// The script of a thread is bundled from worker.ts; that it finds no binary in it does not matter, threads are sent one.
mkdirSync(dirname(target), { recursive: true })
if (!existsSync(target)) write('')
const bundle = await build({
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
  plugins: [
    {
      name: 'threads are sent the binary',
      enforce: 'pre',
      load: (id) =>
        id.endsWith('/wasm/generated/module.ts') ? "export const PLAIN = ''\nexport const SHARED = ''" : null,
    },
  ],
})
const chunks = bundle.flatMap(({ output }) => output)
if (chunks.length !== 1) throw new Error(`the thread's script must be one file, not ${chunks.map((c) => c.fileName)}`)
write(chunks[0].code)
