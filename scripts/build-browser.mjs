// Puts the package's main entry and all it needs into one module that a page imports without a bundler.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../', import.meta.url))

const { version, license, dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const banner = `/*! spikingresformer ${version}, ${license}, with fp-ts ${dependencies['fp-ts']}, MIT, (c) Giulio Canti */`

const built = /** @type {import('vite').Rolldown.RolldownOutput[]} */ (
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: 'dist/browser',
      target: 'es2022',
      minify: true,
      lib: { entry: `${root}dist/entry/index.js`, formats: ['es'], fileName: 'spikingresformer' },
      rolldownOptions: { output: { banner } },
    },
  })
)
const files = built.flatMap(({ output }) => output).map(({ fileName }) => fileName)
if (files.length !== 1) throw new Error(`the module must be one file, not ${files}`)
