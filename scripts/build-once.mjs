// Builds, unless dist/ is what the sources as they are were built to: installing, packing, testing and documenting in a
// row build once. A stamp among the dependencies, so that a clean install always builds, remembers both.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const stamp = join(root, 'node_modules/.cache/spikingresformer-build')

const filesIn = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .flatMap((name) => filesIn(join(path, name)))
    : [path]

const hash = () => {
  const sum = createHash('sha256').update(process.version)
  for (const part of [
    'src',
    'scripts',
    'tsconfig.base.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
    'dist',
  ])
    for (const file of filesIn(join(root, part))) sum.update(`${file}\n`).update(readFileSync(file))
  return sum.digest('hex')
}

const isBuilt = () => {
  try {
    return readFileSync(stamp, 'utf8') === hash()
  } catch {
    return false
  }
}

if (!isBuilt()) {
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, hash())
}
