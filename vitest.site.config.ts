import { defineConfig } from 'vitest/config'
import { closingLine } from './vitest.config.js'

/** The tests of the built site: run `npm run docs` first. */
export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    reporters: ['default', closingLine],
    include: ['spec/site/**/*.site.ts'],
  },
})
