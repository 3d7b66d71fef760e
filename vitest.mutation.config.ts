import { defineConfig } from 'vitest/config'

/** What `npm run mutation` runs a mutant of the source against: the quick specifications and the laws on few cases. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    setupFiles: ['properties/setup.ts'],
    include: [
      'spec/{by-hand,config,operations}.spec.ts',
      'spec/laws/names.spec.ts',
      'properties/theorems/contraction.prop.ts',
      'properties/**/*.mutation.ts',
    ],
  },
})
