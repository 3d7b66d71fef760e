/** Writes what faults were described by, test file by test file, into the folder FAULTS names. */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { afterAll, expect } from 'vitest'

const heard = new Set<string>()
Object.assign(globalThis, { FAULTS_HEARD: heard })

afterAll(() => {
  const folder = process.env['FAULTS']
  if (folder === undefined) return
  const test = relative(join(import.meta.dirname, '../..'), expect.getState().testPath!)
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify({ test, sentences: [...heard] }))
})
