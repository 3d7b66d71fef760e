/**
 * `npm run faults`: runs the tests of the borders, notes which sentences their faults were described by, and writes
 * docs/data/faults.json, every fault of the sources with the tests that produce it. Fails where no test does.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultsIn, sources } from './list-faults.mjs'

/** A sentence with holes as a pattern; a fault inside a file, or one of several, has words before or behind it. */
const patternOf = (sentence) =>
  new RegExp(
    `(^|[:;,(] |\\n)${sentence
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*?')}`,
  )

/**
 * Faults of another process or installation, which are not listened to, with the test that makes each; or why none does,
 * after `none: `.
 */
const elsewhere = JSON.parse(readFileSync(new URL('faults-elsewhere.json', import.meta.url), 'utf8'))

const given = process.argv[2]
const folder = given ?? mkdtempSync(join(tmpdir(), 'faults-'))
if (given === undefined) {
  const { status } = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.faults.config.ts'], {
    stdio: 'inherit',
    env: { ...process.env, FAULTS: folder },
  })
  if (status !== 0) process.exit(status ?? 1)
}
const heard = readdirSync(folder)
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
  .sort((a, b) => (a.test < b.test ? -1 : 1))
if (given === undefined) rmSync(folder, { recursive: true })

const faults = faultsIn(sources()).map(({ sentence, files }) => {
  const pattern = patternOf(sentence)
  const found = heard.filter(({ sentences }) => sentences.some((said) => pattern.test(said))).map(({ test }) => test)
  if (found.length > 0) return { sentence, files, tests: [...new Set(found)].slice(0, 3) }
  const known = elsewhere[sentence]
  if (known === undefined) return { sentence, files, tests: [] }
  return known.startsWith('none: ')
    ? { sentence, files, tests: [], why: known.slice('none: '.length) }
    : { sentence, files, tests: [known] }
})
const missing = faults.filter(({ tests, why }) => tests.length === 0 && why === undefined)
for (const { sentence, files } of missing) console.error(`no test produces: ${sentence} (${files.join(', ')})`)
console.log(
  `${faults.filter(({ tests }) => tests.length > 0).length} of ${faults.length} faults are produced by a test, ` +
    `${faults.filter(({ why }) => why !== undefined).length} cannot be, ${missing.length} are not`,
)
if (missing.length > 0) process.exit(1)
writeFileSync(new URL('../docs/data/faults.json', import.meta.url), `${JSON.stringify(faults, null, 1)}\n`)
