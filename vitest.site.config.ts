import { defineConfig } from 'vitest/config'
import { closingLine } from './vitest.config.js'

/** The tests of the built site: run `npm run docs` first. */
export default defineConfig({
  test: {
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    // Pages looked at at a time.
    maxConcurrency: 2,
    // What a page shows is waited for, however slow the machine.
    expect: { poll: { timeout: 120_000, interval: 100 } },
    maxWorkers: 2,
    reporters: ['default', closingLine],
    include: ['spec/site/**/*.site.ts'],
  },
})
