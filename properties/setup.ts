import fc from 'fast-check'

// One seed, so that a run is repeatable; FC_SEED and FC_RUNS explore further.
fc.configureGlobal({
  seed: Number(process.env['FC_SEED'] ?? '20240617'),
  numRuns: Number(process.env['FC_RUNS'] ?? '100'),
})
