import { defineConfig } from 'vitest/config'
import type { Reporter } from 'vitest/node'

/** Closes a run with one plain line that any script can read. */
export const closingLine: Reporter = {
  onTestRunEnd(modules) {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
    const count = (state: string): number => states.filter((other) => other === state).length
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`)
  },
}

export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', closingLine],
    projects: [
      { extends: true, test: { name: 'spec', include: ['spec/**/*.spec.ts'] } },
      {
        extends: true,
        test: { name: 'properties', include: ['properties/**/*.prop.ts'], setupFiles: ['properties/setup.ts'] },
      },
    ],
  },
})
