import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'spec', include: ['spec/**/*.spec.ts'] } },
      {
        extends: true,
        test: { name: 'properties', include: ['properties/**/*.prop.ts'], setupFiles: ['properties/setup.ts'] },
      },
    ],
  },
})
