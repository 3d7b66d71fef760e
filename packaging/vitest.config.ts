import { defineConfig } from 'vitest/config'
import { closingLine } from '../vitest.config.js'

/** Installs the packed package as a user would, with the tools of this folder: `npm run test:install`. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.spec.ts'],
    globalSetup: ['./setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    reporters: ['default', closingLine],
  },
})
