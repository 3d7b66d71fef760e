// Writes the list of the laws beside them, for who has the package without fast-check, which the laws need to be loaded.
import { writeFileSync } from 'node:fs'
import { lawList, laws } from '../dist/entry/laws.js'

writeFileSync(new URL('../dist/laws/list.json', import.meta.url), lawList(laws, 'json'))
