// Runs a small network with each mutant's mistake, and writes what it first differs in from the right one to
// data/causes.json: what `compare` calls likely causes.
// npm run causes
import { writeFileSync } from 'node:fs'
import { runnerImport } from 'vite'

const load = async (path) => (await runnerImport(path, { logLevel: 'error' })).module
const { mutants } = await load('./properties/mutants/mutants.ts')
const { causesAmong } = await load('./properties/mutants/firsts.ts')

const causes = mutants.flatMap((mutant) => {
  const found = causesAmong([mutant])
  for (const { id, name, kind, share } of found) console.log(`${id}: ${name}, ${kind}, ${share}`)
  if (found.length === 0) console.log(`${mutant.id}: no difference`)
  return found
})
writeFileSync('data/causes.json', `[\n${causes.map((cause) => JSON.stringify(cause)).join(',\n')}\n]\n`)
console.log(`${causes.length} of ${mutants.length} mutants make a network differ`)
