// Writes docs/specification.md from docs/data/requirements.json and the model's own tables.
// npm run specification
import { readFileSync, writeFileSync } from 'node:fs'
import { runnerImport } from 'vite'

const { page } = (await runnerImport('./spec/ports/specification.ts', { logLevel: 'error' })).module
const { requirements } = JSON.parse(readFileSync('docs/data/requirements.json', 'utf8'))
writeFileSync('docs/specification.md', page(requirements))
console.log(`docs/specification.md: ${requirements.length} requirements`)
