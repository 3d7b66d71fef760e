import { defineConfig, type Plugin } from 'vitest/config'
import { closingLine } from './vitest.config.js'

/** Lets `describe` tell who listens what it says: in the tests alone, the sources know nothing of it. */
const heard: Plugin = {
  name: 'heard',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('/src/core/fault.ts')
      ? code.replace(
          'export const describe =',
          'export const describe = (fault: Fault): string => heard(said(fault))\nconst heard = (sentence: string): string => (globalThis as any).FAULTS_HEARD?.add(sentence) && sentence\nconst said =',
        )
      : undefined,
}

/** What `npm run faults` runs: the tests of the borders, noting every sentence that a fault was described by. */
export default defineConfig({
  plugins: [heard],
  test: {
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', closingLine],
    setupFiles: ['spec/faults/heard.ts'],
    // That holds the list which is about to be written.
    exclude: ['spec/faults/table.spec.ts'],
    include: process.env['FAULTS_ONLY']?.split(' ') ?? [
      'spec/{borders,checkpoint,cli,faults,input,platform,training}/**/*.spec.ts',
      'spec/compiled/{compile,life,runner}.spec.ts',
      'spec/laws/cli.spec.ts',
      'spec/theorems/multiplier-free.spec.ts',
      'spec/config.spec.ts',
    ],
  },
})
