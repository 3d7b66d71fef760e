// The machine's limit: how many float32 a second one core loads from its first-level cache and adds, as WebAssembly
// SIMD and as plain JavaScript. Nothing in these instruction sets adds faster; an addition of the sum of two rows of
// weights, looked up in a table, is two synaptic operations at once.
import wabt from 'wabt'

const ROWS = 256 // of sixteen float32: 16 kB, which every first-level cache holds

const unrolled = (row) => `
  (local.set $a (f32x4.add (local.get $a) (v128.load offset=${row * 64} (local.get $p))))
  (local.set $b (f32x4.add (local.get $b) (v128.load offset=${row * 64 + 16} (local.get $p))))
  (local.set $c (f32x4.add (local.get $c) (v128.load offset=${row * 64 + 32} (local.get $p))))
  (local.set $d (f32x4.add (local.get $d) (v128.load offset=${row * 64 + 48} (local.get $p))))`

const text = `(module
  (memory (export "memory") 1)
  (func (export "run") (param $passes i32)
    (local $p i32) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $pass
      (local.set $p (i32.const 0))
      (loop $rows
        ${[0, 1].map(unrolled).join('')}
        (local.set $p (i32.add (local.get $p) (i32.const 128)))
        (br_if $rows (i32.lt_u (local.get $p) (i32.const ${ROWS * 64}))))
      (local.set $passes (i32.sub (local.get $passes) (i32.const 1)))
      (br_if $pass (local.get $passes)))
    (v128.store (i32.const 0) (f32x4.add (f32x4.add (local.get $a) (local.get $b)) (f32x4.add (local.get $c) (local.get $d)))))
)`

const simd = await (async () => {
  const module = (await wabt()).parseWat('limit.wat', text, { simd: true })
  const { buffer } = module.toBinary({})
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(buffer))).exports
  return /** @type {(passes: number) => void} */ (run)
})()

const weights = new Float32Array(ROWS * 16)

/** Eight accumulators, as `fast` has them. */
const scalar = (passes) => {
  const { fround } = Math
  let a = fround(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a // biome-ignore format: one line
  for (let pass = 0; pass < passes; pass++)
    for (let i = 0; i < weights.length; i += 8) {
      a = fround(a + weights[i])
      b = fround(b + weights[i + 1])
      c = fround(c + weights[i + 2])
      d = fround(d + weights[i + 3])
      e = fround(e + weights[i + 4])
      f = fround(f + weights[i + 5])
      g = fround(g + weights[i + 6])
      h = fround(h + weights[i + 7])
    }
  return a + b + c + d + e + f + g + h
}

/** The best of `tries` tries, in additions a second. */
const best = (run, passes, tries) => {
  let most = 0
  for (let i = 0; i < tries; i++) {
    const start = performance.now()
    run(passes)
    most = Math.max(most, (passes * ROWS * 16) / ((performance.now() - start) / 1000))
  }
  return most
}

/** Additions a second: `simd` and `scalar`. About 0.2 s. */
export const limits = () => {
  simd(20000) // compiles
  scalar(2000)
  return { simd: best(simd, 40000, 12), scalar: best(scalar, 4000, 8) }
}
